# Completes command lines as fish does: complete.fish COMPLETION-FILE, the lines on standard input. Each
# reply is printed with a TAB in front, behind the line that it belongs to.
source $argv[1]; or exit

while read -l line
    echo $line
    complete -C $line | string replace -r '\t.*' '' | string replace -r '^' \t
end
exit 0
