# What disco-param does besides reading one value, which the prelude does itself. Read by the prelude when it is first
# needed: most scripts never need it, and every bash would have to parse it.

# shellcheck shell=bash
_disco_param_fail() {
    printf 'disco-param: %s\n' "$1" >&2
    return 1
}

# Who asked for a value and gets none fails, whatever becomes of this status: it would go on with an empty one.
_disco_param_refuse() {
    _disco_param_fail "$1"
    _disco_fail "disco-param: $1${2-}"
    return 1
}

# The path of a key in _disco_found. NODE/KEY is the same as KEY, and so is $(hostname)/KEY, by which scripts name the
# node that they run on.
_disco_param_find() {
    local _disco_name
    _disco_found=$_disco_tree/$1
    [[ ! -e $_disco_found ]] || return 0
    for _disco_name in "${DISCO_NODE-}" "$(</proc/sys/kernel/hostname)"; do
        [[ -n $_disco_name && $1/ == "$_disco_name"/* ]] || continue
        _disco_found=$1/
        _disco_found=$_disco_tree/${_disco_found#"$_disco_name"/}
        _disco_found=${_disco_found%/}
        return 0
    done
}

# Users other than root may not read parameters; an answer must not look as if there were none.
_disco_param_readable() {
    [[ $EUID -eq 0 || -r $_disco_tree && -x $_disco_tree ]] || _disco_param_fail "the parameters are root's to read"
}

_disco_param_check() {
    case $1 in
    '') _disco_param_fail "a parameter needs a name" ;;
    /*) _disco_param_fail "bad name '$1': it must not begin with '/'" ;;
    . | .. | ./* | ../* | */./* | */../* | */. | */.. | *//* | */) _disco_param_fail "bad name '$1': '.', '..' and empty parts are not allowed" ;;
    *[!A-Za-z0-9_./-]*) _disco_param_fail "bad name '$1': only A-Z a-z 0-9 _ . - / are allowed" ;;
    esac
}

# Prints the members of a directory, sorted bytewise; the caller's options do not matter in the subshell.
_disco_param_members() (
    LC_ALL=C GLOBIGNORE=
    set +f +e +u
    shopt -s nullglob dotglob
    shopt -u failglob nocaseglob
    for _disco_path in "$1"/*; do printf '%s\n' "${_disco_path##*/}"; done
)

_disco_param_dump() (
    LC_ALL=C GLOBIGNORE=
    set +f +e +u
    shopt -s nullglob dotglob
    shopt -u failglob nocaseglob
    _disco_shown() {
        local _disco_path _disco_key _disco_value
        for _disco_path in "$1"/*; do
            _disco_key=$2${_disco_path##*/}
            if [[ -d $_disco_path ]]; then
                printf '%s = {}\n' "$_disco_key"
                _disco_shown "$_disco_path" "$_disco_key/"
            else
                _disco_value=$(<"$_disco_path")
                printf '%s = %s\n' "$_disco_key" "${_disco_value//$'\n'/\\n}"
            fi
        done
    }
    _disco_shown "$1" "$2" | LC_ALL=C command sort
)

_disco_param_main() {
    local _disco_tree=${DISCO_PARAMETERS:-/var/lib/disco/parameters/${DISCO_NODE:-}} _disco_found _disco_value _disco_default _disco_has_default=
    case ${1:-} in
    get)
        if [[ ${2:-} == -d ]]; then
            _disco_has_default=1 _disco_default=${3:-}
            shift 2
        fi
        [[ $# -eq 2 ]] || { _disco_param_refuse "usage: disco-param get [-d DEFAULT] KEY"; return 1; }
        _disco_param_check "$2" || { _disco_fail "disco-param: bad name '$2'"; return 1; }
        _disco_param_readable || return 1
        _disco_param_find "$2"
        if [[ -d $_disco_found ]]; then
            _disco_param_refuse "'$2' is a tree, not a value (disco-param keys $2)"
            return 1
        elif [[ -f $_disco_found ]]; then
            _disco_value=$(<"$_disco_found") || return 1
            printf '%s\n' "$_disco_value"
        elif [[ -n $_disco_has_default ]]; then
            printf '%s\n' "$_disco_default"
        else
            _disco_param_refuse "no parameter '$2'" " (for one that may be missing: disco-param get -d DEFAULT KEY, disco-param has KEY)"
            return 1
        fi
        ;;
    has)
        [[ $# -eq 2 ]] || { _disco_param_refuse "usage: disco-param has KEY"; return 1; }
        _disco_param_check "$2" || { _disco_fail "disco-param: bad name '$2'"; return 1; }
        _disco_param_readable || return 1
        _disco_param_find "$2"
        [[ -e $_disco_found ]]
        ;;
    keys | dump)
        [[ $# -le 2 ]] || { _disco_param_fail "usage: disco-param $1 [KEY]"; return 1; }
        _disco_param_readable || return 1
        _disco_found=$_disco_tree
        if [[ $# -eq 2 ]]; then
            _disco_param_check "$2" || return 1
            _disco_param_find "$2"
            [[ -d $_disco_found ]] || { _disco_param_fail "no tree '$2'"; return 1; }
        fi
        if [[ $1 == keys ]]; then
            _disco_param_members "$_disco_found"
        else
            _disco_value=${_disco_found#"$_disco_tree"} _disco_value=${_disco_value#/}
            _disco_param_dump "$_disco_found" "${_disco_value:+$_disco_value/}"
        fi
        ;;
    set | delete)
        _disco_param_fail "parameters are read-only here; '$1' them on the server, or with 'disco param' on the node"
        return 1
        ;;
    *)
        _disco_param_refuse "usage: disco-param get [-d DEFAULT] KEY | has KEY | keys [KEY] | dump [KEY]"
        return 1
        ;;
    esac
}

_disco_param_other() { _disco_param_main "$@"; }
