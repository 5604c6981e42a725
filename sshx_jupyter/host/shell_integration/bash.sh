# Shell integration for bash 5.1 and newer. bash reads this file as $ENV, because it was started in POSIX mode, where it
# reads no other startup file. This file ends that mode, and reads the startup files that bash would have read.

if [[ $- != *i* || -z ${SSHX_SHELL_INTEGRATION-} ]]; then
  return
fi

set +o posix # also removes POSIXLY_CORRECT
shopt -u inherit_errexit
[[ ${HISTFILE@a} == *x* ]] || HISTFILE=~/.bash_history
[[ ${MAILCHECK@a} == *x* ]] || MAILCHECK=60
if [[ ${SSHX_SHELL_ORIGINAL+set} ]]; then
  export ENV=$SSHX_SHELL_ORIGINAL
else
  unset ENV
fi
__sshx_aid=$SSHX_SHELL_INTEGRATION __sshx_system_rc=${SSHX_SHELL_SYSTEM_RC-} __sshx_number=0
unset SSHX_SHELL_INTEGRATION SSHX_SHELL_ORIGINAL SSHX_SHELL_SYSTEM_RC
export -n LINES COLUMNS # terminado exports the first size, which programs such as htop would take for the size for ever

# First in PROMPT_COMMAND: what the user's own commands there print is not the command's output.
__sshx_ended() {
  local status=$? -
  { set +x; } 2>/dev/null
  if [[ ${__sshx_marks-} ]]; then
    builtin printf '\e]133;D;%s;aid=%s;n=%s\a' "$status" "$__sshx_aid" "$__sshx_number"
    builtin unset __sshx_marks __sshx_B __sshx_C __sshx_S
  fi
}

# Last in PROMPT_COMMAND: the user's own commands there may set PS1. The prompts refer to variables that no program gets,
# so that an exported PS1 tells nobody the secret and marks nothing in a shell inside of this one.
__sshx_prompt() {
  __sshx_ended # if the user has put something else in its place; $? is still the command's
  local - end='${__sshx_B-}' secondary='${__sshx_S-}' begin='${__sshx_C-}'
  { set +x; } 2>/dev/null
  if ! builtin shopt -q promptvars; then # they would show as they are
    PS1=${PS1//"$end"/} PS2=${PS2//"$secondary"/} PS0=${PS0//"$begin"/}
    return
  fi
  __sshx_number=$((__sshx_number + 1))
  local id=";aid=$__sshx_aid;n=$__sshx_number"
  # \1 and \2 are what \[ and \] stand for, and mean nothing to other shells that get PS1.
  __sshx_B=$'\1\e]133;B'$id$'\a\2' __sshx_S=$'\1\e]133;A;k=s'$id$'\a\2'
  __sshx_C=$'\e]133;C'$id$'\a' __sshx_marks=1
  builtin export -n __sshx_B __sshx_C __sshx_S __sshx_marks __sshx_number # despite `set -a`
  [[ ${PS1-} == *"$end"* ]] || PS1=${PS1-}$end
  [[ ${PS2-} == *"$secondary"* ]] || PS2=${PS2-}$secondary
  [[ ${PS0-} == *"$begin"* ]] || PS0=${PS0-}$begin
  builtin printf '\e]133;A%s\a' "$id"
}

# INVOCATION in bash(1). Not in a function: what the files declare is global.
if shopt -q login_shell; then
  if [[ -r /etc/profile ]]; then
    source /etc/profile
  fi
  for __sshx_file in ~/.bash_profile ~/.bash_login ~/.profile; do
    if [[ -r $__sshx_file && ! -d $__sshx_file ]]; then
      source "$__sshx_file"
      break
    fi
  done
else
  for __sshx_file in "$__sshx_system_rc" ~/.bashrc; do
    if [[ -r $__sshx_file && ! -d $__sshx_file ]]; then
      source "$__sshx_file"
    fi
  done
fi
unset __sshx_file __sshx_system_rc

# Where these cannot be set, the shell goes without marks.
__sshx_fixed() {
  local -
  set +ux
  [[ ${PROMPT_COMMAND@a}${PS0@a}${PS1@a}${PS2@a} == *r* ]]
}
if __sshx_fixed; then
  unset -f __sshx_fixed __sshx_ended __sshx_prompt
  unset __sshx_aid __sshx_number
  return
fi
unset -f __sshx_fixed

# An array, so that both stay if something is assigned or appended to PROMPT_COMMAND. Arrays are not exported.
PROMPT_COMMAND=(__sshx_ended "${PROMPT_COMMAND[@]}" __sshx_prompt)
