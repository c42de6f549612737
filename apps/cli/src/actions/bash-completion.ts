/**
 * The script for bash. The one of @bomb.sh/tab needs the package bash-completion and gives what was typed to `eval`, which
 * would run a command that somebody is still typing.
 */
export const BASH_COMPLETION = String.raw`# bash completion for holdfast
_holdfast() {
  local word words=()
  for word in "${'${COMP_WORDS[@]:1:COMP_CWORD}'}"; do
    # What follows an = is a word of its own here.
    [[ $word == '=' ]] || words+=("$word")
  done
  [[ $word == '=' ]] && words+=('')
  COMPREPLY=()
  while IFS=$'\t' read -r word _; do
    [[ $word == :* ]] || COMPREPLY+=("$word")
  done < <(holdfast complete -- "${'${words[@]}'}" 2>/dev/null)
}
complete -o default -F _holdfast holdfast`;
