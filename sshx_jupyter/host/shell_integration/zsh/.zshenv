# Shell integration for zsh 5.3 and newer. zsh reads this file because ZDOTDIR led it here. Once ZDOTDIR is back, zsh
# finds the user's other startup files by itself.

if [[ -n ${SSHX_SHELL_ORIGINAL+set} ]]; then
  export ZDOTDIR=$SSHX_SHELL_ORIGINAL
else
  unset ZDOTDIR
fi

if [[ -o interactive && -n ${SSHX_SHELL_INTEGRATION-} ]]; then
  typeset -g __sshx_aid=$SSHX_SHELL_INTEGRATION
  typeset -gi __sshx_number=0
  typeset -ga precmd_functions preexec_functions

  __sshx_mark() {
    builtin print -rn -- $'\e]133;'"$1;aid=$__sshx_aid;n=$__sshx_number"$'\a' >$TTY
  }

  # First of the functions: what others print before the prompt is not the command's output.
  __sshx_precmd() {
    builtin local -i ended=$?
    builtin emulate -L zsh
    builtin unsetopt xtrace
    if (( __sshx_number )); then
      __sshx_mark "D;$ended"
    fi
    __sshx_number+=1
    __sshx_mark A
    if [[ ${widgets[zle-line-init]-} != user:azhw:zle-line-init ]]; then
      builtin autoload -Uz add-zle-hook-widget
      add-zle-hook-widget line-init __sshx_line_init
    fi
  }

  __sshx_preexec() {
    builtin emulate -L zsh
    builtin unsetopt xtrace
    __sshx_mark C
  }

  # The line editor has drawn the prompt. PS1 is left alone.
  __sshx_line_init() {
    builtin emulate -L zsh
    builtin unsetopt xtrace
    case $CONTEXT in
      start) __sshx_mark B ;;
      cont) __sshx_mark 'A;k=s' ;;
    esac
  }

  precmd_functions+=(__sshx_precmd)
  preexec_functions+=(__sshx_preexec)
fi
if [[ -n ${SSHX_SHELL_INTEGRATION-} ]]; then
  typeset +x LINES COLUMNS # terminado exports the first size, which programs such as htop would take for the size for ever
fi
unset SSHX_SHELL_INTEGRATION SSHX_SHELL_ORIGINAL

if [[ -r ${ZDOTDIR-$HOME}/.zshenv && ! -d ${ZDOTDIR-$HOME}/.zshenv ]]; then
  source "${ZDOTDIR-$HOME}/.zshenv"
fi
