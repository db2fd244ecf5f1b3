# Completes command lines as zsh does: complete.zsh COMPLETION-DIRECTORY, the lines on standard input. A zsh
# on a terminal of its own gets each line and a TAB. What it hands to `compadd` is printed with a TAB in
# front, behind the line that it belongs to.
zmodload zsh/zpty || exit

export COMPLETIONS=$1
zpty shell zsh -f -i || exit
read -r -d '' setup <<'END'
PS1= PS2= RPS1=; stty -echo; unsetopt zle_bracketed_paste
fpath=($COMPLETIONS $fpath); autoload -Uz compinit; compinit -u -D
zstyle ":completion:*" completer _complete
zstyle ":completion:*" list-prompt ""
# Each call that would show matches shows them here instead.
compadd() {
  local -a hits
  local option
  for option in "$@"; do
    case $option in
      (-[OAD]*) builtin compadd "$@"; return ;;
      (-|--) break ;;
    esac
  done
  builtin compadd -A hits "$@"
  (( $#hits )) || return 1
  print -rl -- "<hit>"${^hits}
}
answer() { compstate[insert]=; compstate[list]=; _main_complete; print -r -- "<done>"; compstate[insert]= }
zle -C answer complete-word answer; bindkey "^I" answer; bindkey "^U" kill-whole-line
PROMPT_EOL_MARK=
print "<ready>"
END
setup_file=$(mktemp) || exit
trap 'rm -f $setup_file; zpty -d shell' EXIT
print -r -- $setup >$setup_file
zpty -w shell "source $setup_file"
zpty -r shell seen $'*\n<ready>*' || exit

while IFS= read -r line; do
  print -r -- $line
  zpty -w -n shell $'\x15'$line$'\t'
  zpty -r shell seen '*<done>*' || exit
  for seen in ${(f)seen//$'\r'/}; do
    if [[ $seen == *'<hit>'* ]]; then print -r -- $'\t'${seen##*<hit>}; fi
  done
done
