# bash completion for slurpstats(1), pollstats(1), mmwatch(1), mmcat(1), cleanstats(8) and mmash(8)   -*- shell-script -*-
#
# One text under six names: bash-completion looks for a file that is called as the command is.

_slurpstats()
{
    _mmstats_complete PATH \
        '-p --prefix LABEL' \
        '-a --aggregate sum|avg|min|max|one|nonzero-avg|nonzero-min|auto' \
        '--alive' \
        '-o --output text|lines|json|hist|prometheus' \
        '--by cmd|pid|file' \
        '--metric-prefix ANY' \
        '--output-file FILE' \
        '--color auto|always|never' \
        '-P --pid PROCESS' \
        '-A --all' \
        '-h --help' \
        '-V --version'
}

complete -F _slurpstats slurpstats

_pollstats()
{
    _mmstats_complete FIELDS \
        '-c --count ANY' \
        '-d --delay ANY' \
        '-f --filter CONDITION' \
        '-n --headers ANY' \
        '-p --prefix LABEL' \
        '-r --rate' \
        '-t --timestamp' \
        '-y --no-first' \
        '-v' \
        '-o --output text|tsv|csv|json' \
        '--color auto|always|never' \
        '-P --pid PROCESS' \
        '-A --all' \
        '-h --help' \
        '-V --version'
}

complete -F _pollstats pollstats

_mmwatch()
{
    _mmstats_complete PATH \
        '-p --prefix LABEL' \
        '-x --exclude LABEL' \
        '-d --delay ANY' \
        '-c --count ANY' \
        '-i --initial' \
        '-o --output lines|json' \
        '--until CONDITION' \
        '-a --aggregate sum|avg|min|max|one|nonzero-avg|nonzero-min|auto' \
        '--timeout ANY' \
        '--color auto|always|never' \
        '-P --pid PROCESS' \
        '-A --all' \
        '-h --help' \
        '-V --version'
}

complete -F _mmwatch mmwatch

_mmcat()
{
    _mmstats_complete PATH \
        '-o --output text|lines' \
        '-r --raw' \
        '--check' \
        '--color auto|always|never' \
        '-P --pid PROCESS' \
        '-A --all' \
        '-h --help' \
        '-V --version'
}

complete -F _mmcat mmcat

_cleanstats()
{
    _mmstats_complete PATH \
        '-n --dry-run' \
        '-q --quiet' \
        '-v --verbose' \
        '-u --uid USER' \
        '--older-than ANY' \
        '--unknown' \
        '--fold' \
        '--archive FILE' \
        '--color auto|always|never' \
        '-h --help' \
        '-V --version'
}

complete -F _cleanstats cleanstats

_mmash()
{
    _mmstats_complete PATH \
        '-l --listen ANY' \
        '--allow-host ANY' \
        '--exit-idle ANY' \
        '-P --pid PROCESS' \
        '-A --all' \
        '-h --help' \
        '-V --version'
}

complete -F _mmash mmash

# _mmstats_complete OPERAND OPTION...
#
# OPERAND says what the operands are: PATH, or FIELDS for a list of fields and then PATH.
# OPTION is an option's names, and what its value is if it takes one: LABEL, CONDITION (a label and
# more), FILE, USER, PROCESS, ANY (nothing to offer), or the values that there are, with | between them.
_mmstats_complete()
{
    local IFS=$' \t\n' operand=$1 spec word names kind
    local -A value_of=()
    shift
    for spec; do
        names=() kind=
        for word in $spec; do
            if [[ $word == -* ]]; then names+=("$word"); else kind=$word; fi
        done
        for word in "${names[@]}"; do value_of[$word]=$kind; done
    done

    # Bash takes words apart at = and : as well; put together what has no blank between.
    local line=${COMP_LINE:0:COMP_POINT} words=() gap i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        gap=${line%%[![:blank:]]*}
        line=${line:${#gap}}
        ((i == COMP_CWORD)) && word=$line
        line=${line:${#word}}
        if [[ $gap || $i == 0 ]]; then words+=("$word"); else words[-1]+=$word; fi
    done
    local current=${words[-1]} before=("${words[@]:1:${#words[@]}-2}")

    # What comes before decides what this word is.
    local last= count=0 operands_only= prefix= name
    for word in "${before[@]}"; do
        if [[ $last ]]; then
            [[ $last == -p || $last == --prefix ]] && prefix=$word
            last=
        elif [[ $operands_only || $word != -?* ]]; then
            count=$((count + 1))
        elif [[ $word == -- ]]; then
            operands_only=1
        elif [[ $word == --prefix=* ]]; then
            prefix=${word#*=}
        elif [[ $word == --* ]]; then
            [[ ${value_of[$word]-} ]] && last=$word
        else
            # One letter each; the first that takes a value takes the rest, or else the next word.
            for ((i = 1; i < ${#word}; i++)); do
                name=-${word:i:1}
                [[ ${value_of[$name]-} ]] || continue
                if ((i + 1 == ${#word})); then
                    last=$name
                elif [[ $name == -p ]]; then
                    prefix=${word:i+1}
                fi
                break
            done
        fi
    done

    local lead=
    COMPREPLY=()
    if [[ $last ]]; then
        kind=${value_of[$last]}
    elif [[ ! $operands_only && $current == --*=* ]]; then
        lead=${current%%=*}
        kind=${value_of[$lead]-}
        [[ $kind ]] || return
        lead+==
    elif [[ ! $operands_only && $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${!value_of[*]}" -- "$current" | sort)
        return
    elif [[ $operand == FIELDS && $count == 0 ]]; then
        kind=FIELDS
    else
        kind=PATH
    fi

    local typed=${current:${#lead}} found=() label
    # What the shell takes away before a program sees it.
    typed=${typed//[\\\"\']/}
    case $kind in
        ANY) return ;;
        FILE)
            compopt -o filenames 2>/dev/null
            mapfile -t found < <(compgen -f -- "$typed")
            ;;
        PATH)
            compopt -o filenames 2>/dev/null
            mapfile -t found < <(compgen -d -- "$typed"; compgen -f -X '!*.mmstats' -- "$typed")
            ;;
        USER) mapfile -t found < <(compgen -u -- "$typed") ;;
        PROCESS)
            while IFS= read -r name; do
                [[ $name == "$typed"* ]] && found+=("$(printf %q "$name")")
            done < <(_mmstats_processes)
            ;;
        LABEL | CONDITION)
            [[ $kind == CONDITION ]] && compopt -o nospace 2>/dev/null
            while IFS= read -r label; do
                [[ $label == "$typed"* ]] && found+=("$(printf %q "$label")")
            done < <(_mmstats_labels "${before[@]}")
            ;;
        FIELDS)
            compopt -o nospace 2>/dev/null
            # After the last comma; = asks for the value itself.
            local list=${typed%"${typed##*,}"}
            [[ ${typed:${#list}} == =* ]] && list+==
            while IFS= read -r label; do
                [[ $label == "$prefix"* ]] || continue
                label=${label#"$prefix"}
                [[ $prefix && $prefix != *. ]] && label=${label#.}
                [[ $list$label == "$typed"* ]] && found+=("$list$(printf %q "$label")")
            done < <(_mmstats_labels "${before[@]}")
            ;;
        *) mapfile -t found < <(compgen -W "${kind//|/ }" -- "$typed") ;;
    esac

    # Bash puts the reply in place of what is after the last = or : that it took the word apart at.
    local cut=
    [[ $COMP_WORDBREAKS == *=* && $current == *=* ]] && cut=${current%"${current##*=}"}
    [[ $COMP_WORDBREAKS == *:* && ${current#"$cut"} == *:* ]] && cut=${current%"${current##*:}"}
    for word in "${found[@]}"; do
        word=$lead$word
        COMPREPLY+=("${word#"$cut"}")
    done
}

# The labels of the stats files and directories among the words given, else of those in the default
# place. Labels that had to be escaped are left out.
_mmstats_labels()
{
    local word paths=()
    for word; do
        [[ -d $word || ( $word == *.mmstats && -f $word ) ]] && paths+=("$word")
    done
    command slurpstats -o lines --color never -- "${paths[@]}" 2>/dev/null |
        cut -f 2 | grep -v '\\' | LC_ALL=C sort -u
}

# The names of the processes that publish. Any program may give itself any name: only usual ones are shown.
_mmstats_processes()
{
    local maps usual='[[:alnum:]_.:@+-]*'
    command grep -ls '\.mmstats' /proc/[0-9]*/maps 2>/dev/null |
        while IFS= read -r maps; do LC_ALL=C grep -axs "$usual" "${maps%maps}comm"; done | LC_ALL=C sort -u
}
