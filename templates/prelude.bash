# Read by every bash of a module before its own text (BASH_ENV), before restrictions start. Defines disco-param, which
# reads this dance's parameters without starting a process. Leaves no variable, option or alias changed.

# shellcheck shell=bash
disco-param() {
    local _disco_file _disco_text=
    if [[ ${1-} == get && $# -eq 2 && $2 != *[!A-Za-z0-9_./-]* && /$2/ != *//* && /$2/ != */./* && /$2/ != */../* ]]; then
        _disco_file=${DISCO_PARAMETERS:-/var/lib/disco/parameters/${DISCO_NODE-}}/$2
        if [[ -f $_disco_file && -r $_disco_file ]]; then
            # To the end of the file, in this process; "$(<file)" would start one.
            IFS= read -r -d '' _disco_text <"$_disco_file" || :
            while [[ $_disco_text == *$'\n' ]]; do _disco_text=${_disco_text%$'\n'}; done
            printf '%s\n' "$_disco_text"
            return
        fi
    fi
    _disco_param_other "$@"
}

# Everything else; the file that is read puts itself in this function's place.
_disco_param_other() {
    local _disco_text=
    # Not with '.': a restricted shell takes no path there.
    IFS= read -r -d '' _disco_text <"${BASH_SOURCE[0]%/*}/disco-param.bash" || :
    # Without the caller's aliases, which would be expanded in what is read here.
    if shopt -q expand_aliases; then
        shopt -u expand_aliases
        eval "$_disco_text"
        shopt -s expand_aliases
    else
        eval "$_disco_text"
    fi
    _disco_param_main "$@"
}

# Reports that this script, template or check is to fail, and why: its text may have swallowed the status.
_disco_fail() {
    if [[ ${PATH-} == /run/disco/restricted ]]; then # a restricted shell takes no path, and no exec
        command disco-fail "$0" "$1" || :
    elif [[ $- != *r* && -x /run/disco/bin/disco-shim ]]; then
        (exec -a disco-fail /run/disco/bin/disco-shim "$0" "$1") || :
    fi
}

# What is nowhere fails as it does in a live dance, whose scripts are not restricted; in a template it leaves a hole in
# the output, whatever becomes of the status.
if [[ ${PATH:-} == /run/disco/restricted && ${DISCO_PHASE:-} == @(template|script) ]]; then
    command_not_found_handle() {
        local _disco_text
        printf -v _disco_text ' %q' "$@"
        [[ $DISCO_PHASE == template ]] || printf 'warning: Would execute:%s  # not installed here\n' "$_disco_text" >&2
        printf '%s: line %s: %s: command not found\n' "$0" "${BASH_LINENO[0]}" "$1" >&2
        [[ $DISCO_PHASE != template || $1 == disco-fail ]] || _disco_fail "there is no command '$1'"
        return 127
    }
fi
