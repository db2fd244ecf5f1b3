# fish completion for mmwatch(1)

complete -c mmwatch -f -a '(__mmstats_paths)'
complete -c mmwatch -s p -l prefix -x -a '(__mmstats_labels)' -d 'Only labels that begin with PREFIX'
complete -c mmwatch -s x -l exclude -x -a '(__mmstats_labels)' -d 'No labels that begin with PREFIX'
complete -c mmwatch -s d -l delay -x -d 'Time between readings, in seconds'
complete -c mmwatch -s c -l count -x -d 'Stop after N records'
complete -c mmwatch -s i -l initial -d 'First print everything that is there'
complete -c mmwatch -s o -l output -x -a 'lines json' -d 'The format of the records'
complete -c mmwatch -l until -x -a '(__mmstats_labels)' -d 'Stop as soon as LABEL OP VALUE holds'
complete -c mmwatch -s a -l aggregate -x -d 'EXPR must hold for the label over all files' \
    -a 'sum avg min max one nonzero-avg nonzero-min auto'
complete -c mmwatch -l timeout -x -d 'Stop after that time, in seconds'
complete -c mmwatch -l color -x -a 'auto always never' -d 'Whether to colour'
complete -c mmwatch -s P -l pid -x -a '(__mmstats_processes)' -d 'The files that processes have mapped'
complete -c mmwatch -s A -l all -d 'The files of every process that can be seen'
complete -c mmwatch -s h -l help -d 'Print a summary of the options'
complete -c mmwatch -s V -l version -d 'Print the version'

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
