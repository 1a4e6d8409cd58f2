# Read by the interactive bash of `disco shell` in the place of ~/.bashrc, which it reads itself: says in the prompt where
# one is.

# shellcheck shell=bash
[[ $PS1 == '\s-\v\$ ' ]] && PS1='\u@\h:\w\$ ' # nobody has set it
if [[ -r ~/.bashrc ]]; then
    # shellcheck source=/dev/null
    . ~/.bashrc
fi
PS1="(disco${NOOP:+ noop}) $PS1"
unset HISTFILE # what is typed here is no change of the tree
