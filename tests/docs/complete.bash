# Completes command lines as bash would: complete.bash COMPLETION-FILE, the lines on standard input. Each
# reply is printed with a TAB in front, behind the line that it belongs to.
source "$1" || exit

while IFS= read -r line; do
    # As readline takes a line apart: at blanks, and around each = and : .
    COMP_LINE=$line COMP_POINT=${#line} COMP_WORDS=('')
    rest=$line
    while [[ $rest ]]; do
        char=${rest:0:1} rest=${rest:1}
        case $char in
            ' ') COMP_WORDS+=('') ;;
            [=:]) if [[ ${COMP_WORDS[-1]} ]]; then COMP_WORDS+=("$char"); else COMP_WORDS[-1]=$char; fi
                  [[ $rest && $rest != ' '* ]] && COMP_WORDS+=('') ;;
            *) COMP_WORDS[-1]+=$char ;;
        esac
    done
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    command=${COMP_WORDS[0]}
    # complete -p says: complete -F FUNCTION COMMAND
    read -r -a registered <<<"$(complete -p "$command")"
    "${registered[-2]}" "$command" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}" || exit
    printf '%s\n' "$line"
    for reply in "${COMPREPLY[@]}"; do printf '\t%s\n' "$reply"; done
done
