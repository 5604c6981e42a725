# Shell integration for fish 3.1 and newer. fish reads this file because XDG_DATA_DIRS led it here.

if set -q SSHX_SHELL_INTEGRATION
    if set -q SSHX_SHELL_ORIGINAL
        set -gx XDG_DATA_DIRS $SSHX_SHELL_ORIGINAL
    else
        set -ge XDG_DATA_DIRS
    end

    if status is-interactive
        set -g __sshx_aid $SSHX_SHELL_INTEGRATION
        set -g __sshx_number 0

        function __sshx_mark
            printf '\e]133;%s;aid=%s;n=%s\a' $argv[1] $__sshx_aid $__sshx_number
        end

        # By now fish has switched off the terminal's own echo, so what is typed after B shows once.
        function __sshx_prompt --on-event fish_prompt --on-event fish_cancel
            set __sshx_number (math $__sshx_number + 1)
            __sshx_mark A
            __sshx_mark B
        end

        function __sshx_preexec --on-event fish_preexec
            __sshx_mark C
        end

        function __sshx_postexec --on-event fish_postexec
            __sshx_mark "D;$status"
        end

        # fish keeps a line that it does not understand, to be edited.
        function __sshx_posterror --on-event fish_posterror
            __sshx_mark "D;2"
            __sshx_mark 'A;k=s'
        end
    end

    # terminado exports the first size, which programs such as htop would take for the size for ever.
    set -gu LINES $LINES
    set -gu COLUMNS $COLUMNS

    set -ge SSHX_SHELL_INTEGRATION
    set -ge SSHX_SHELL_ORIGINAL
end
