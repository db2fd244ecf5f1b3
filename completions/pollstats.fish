# fish completion for pollstats(1)

set -l with_value -P --pid -c --count -d --delay -f --filter -n --headers -p --prefix -o --output --color
complete -c pollstats -n "__mmstats_is_first $with_value" -f -a '(__mmstats_fields)'
complete -c pollstats -n "not __mmstats_is_first $with_value" -f -a '(__mmstats_paths)'
complete -c pollstats -s c -l count -x -d 'Stop after N rows'
complete -c pollstats -s d -l delay -x -d 'Time between rows, in seconds'
complete -c pollstats -s f -l filter -x -a '(__mmstats_labels)' -d 'Only files that have this label, or LABEL=VALUE'
complete -c pollstats -s n -l headers -x -d 'Print the header every N rows'
complete -c pollstats -s p -l prefix -x -a '(__mmstats_labels)' -d 'Put PREFIX before every field'
complete -c pollstats -s r -l rate -d 'Print what was counted per second'
complete -c pollstats -s t -l timestamp -d 'Begin each row with the time'
complete -c pollstats -s y -l no-first -d 'Leave out the first row'
complete -c pollstats -s v -d 'Print more on standard error'
complete -c pollstats -s o -l output -x -a 'text tsv csv json' -d 'The format of the rows'
complete -c pollstats -l color -x -a 'auto always never' -d 'Whether to colour'
complete -c pollstats -s P -l pid -x -a '(__mmstats_processes)' -d 'The files that processes have mapped'
complete -c pollstats -s A -l all -d 'The files of every process that can be seen'
complete -c pollstats -s h -l help -d 'Print a summary of the options'
complete -c pollstats -s V -l version -d 'Print the version'

# {{{ The same in the fish completion of every tool of the suite: each works without the others.

# Stats files, and directories on the way to them.
function __mmstats_paths
    set -l token (commandline -ct)
    # An option's name wants no files.
    string match -q -- '-*' $token; and return
    complete -C "'' $token" | string match -r '^[^\t]*(?:/|\.mmstats)(?=\t|$)'
end

# The labels of the stats files and directories on the command line, else of those in the default
# place. Labels that had to be escaped are left out.
function __mmstats_labels
    set -l paths
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if string match -q -- '*.mmstats' $word; and test -f "$word"; or test -d "$word"
            set -a paths $word
        end
    end
    command slurpstats -o lines --color never -- $paths 2>/dev/null | cut -f 2 |
        string match -v -r '\\\\' | LC_ALL=C sort -u
end

# Whether this word is the first operand. The arguments are the options that take a value.
function __mmstats_is_first
    set -l skip 0
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word $argv
            set skip 1
        else if not string match -q -- '-*' $word
            return 1
        end
    end
end

# Labels with commas between them, without what --prefix puts before them; = asks for the value itself.
function __mmstats_fields
    set -l prefix
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        switch $words[$i]
            case -p --prefix
                set prefix $words[(math $i + 1)]
            case '--prefix=*'
                set prefix (string replace -- --prefix= '' $words[$i])
            case '-p*'
                set prefix (string sub -s 3 -- $words[$i])
        end
    end
    set -l lead (string match -r -- '^(?:.*,)?=?' "$(commandline -ct)")
    set -l pattern '^'
    if test -n "$prefix"
        set pattern '^'(string escape --style=regex -- $prefix)
        string match -q -- '*.' $prefix; or set pattern $pattern'\.?'
    end
    __mmstats_labels | string replace -f -r -- $pattern "$lead"
end

# The names of the processes that publish. Any program may give itself any name: only usual ones are shown.
function __mmstats_processes
    set -l usual '[[:alnum:]_.:@+-]*'
    for maps in (command grep -ls '\.mmstats' /proc/*/maps 2>/dev/null)
        LC_ALL=C command grep -axs $usual (string replace -r 'maps$' comm -- $maps)
    end | LC_ALL=C sort -u
end

# }}}
