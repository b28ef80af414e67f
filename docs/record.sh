#!/usr/bin/env bash
# Makes what the README shows: draws docs/content_creation.svg, and records a session on a terminal (tmux) between the marks in
# the README. FLOW_PROGRAMS is a folder with the two programs, if they need not be built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${FLOW_PROGRAMS:-}" ]; then
    cargo build --package flow-examples --example content_creation --example people
    FLOW_PROGRAMS="$PWD/target/debug/examples"
fi
FLOW_PROGRAMS="$(cd "$FLOW_PROGRAMS" && pwd)"
"$FLOW_PROGRAMS/content_creation" graph content-creation --format svg > docs/content_creation.svg

home="$(mktemp -d)"
on_terminal() { tmux -L flow-readme -f /dev/null "$@"; }
trap 'on_terminal kill-server 2>/dev/null || true; rm -rf "$home"' EXIT
on_terminal new-session -d -s readme -x 98 -y 300 -c "$home" \
    "env -i TERM=tmux-256color HOME='$home' PATH='$FLOW_PROGRAMS:/usr/bin:/bin' PS1='\$ ' bash --norc --noprofile"
screen() { on_terminal capture-pane -p -t readme; }

# Waits until this is to be seen so many times.
await() {
    for _ in $(seq 200); do
        if [ "$(screen | grep -cF -- "$1")" -ge "${2:-1}" ]; then return; fi
        sleep 0.1
    done
    screen >&2
    echo "record.sh: \`$1\` was not to be seen" >&2
    exit 1
}
type_line() {
    on_terminal send-keys -t readme -l -- "$1"
    on_terminal send-keys -t readme Enter
}

await '$'
type_line 'people run settle-a-complaint --customer Ann --paid 80'
await 'Your answer'
on_terminal send-keys -t readme Down
sleep 0.3
on_terminal send-keys -t readme Enter
await 'euros'
type_line '60'
await 'is done'
type_line "people run two-approvals --to 'the printer' --euros 300 --user ann </dev/null"
await 'waits for an answer'
type_line 'people answer last Yes --by bob --role finance </dev/null'
await 'waits for an answer' 2
type_line "people answer last No --by cleo --role finance --comment 'It is paid already.'"
await 'retry'
screen | sed -e 's/[[:space:]]*$//' -e '/^\$$/d' | sed -e :end -e '/^\n*$/{$d;N;bend' -e '}' > "$home/recording"

awk -v file="$home/recording" '
    /^<!-- recorded by docs\/record.sh -->$/ { print; print "```text"; while ((getline line < file) > 0) print line; print "```"; skip = 1 }
    /^<!-- end of the recording -->$/ { skip = 0 }
    !skip && !/^<!-- recorded by docs\/record.sh -->$/ { print }
' README.md > "$home/README.md"
cp "$home/README.md" README.md
