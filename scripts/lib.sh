# shellcheck shell=bash disable=SC2034
# What the scripts share; they read it with `source`.

# Where cargo builds, and where the scripts keep what they install.
target=${CARGO_TARGET_DIR:-target}

# rustup puts cargo there, and a shell may not have heard of it yet.
PATH=$PATH:$HOME/.cargo/bin

# Ends the script because this machine lacks something: 3 tells scripts/test
# that nothing was tested, and why.
cannot() {
    printf '%s\n' "$*" >&2
    [ -z "${SKIP_REASON:-}" ] || printf '%s\n' "$*" >"$SKIP_REASON"
    exit 3
}

# debian WHY PACKAGE...: installs what is missing where that is possible.
debian() {
    local why=$1
    shift
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        cannot "$why: install what Debian calls $*, or run this as root on Debian."
    fi
    echo "$why: installing $*" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >&2 || true
    apt-get -qq install -y --no-install-recommends "$@" </dev/null >&2 ||
        cannot "$why, and apt-get could not install $*."
}

# Python 3 that can make virtual environments.
need_python() {
    command -v python3 >/dev/null || debian "there is no Python 3" python3 python3-venv
    python3 -c 'import ensurepip, venv' 2>/dev/null ||
        debian "Python cannot make virtual environments" python3-venv
}

# Sets `node` to a Node.js of version 20 or newer. Debian 12 has 18; the npm
# registry has the others.
need_node() {
    if ! command -v node >/dev/null; then
        debian "there is no Node.js" nodejs npm
    elif ! command -v npm >/dev/null; then
        debian "there is no npm" npm
    fi
    node=node
    if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
        local package
        package=$(node -p '["node", process.platform, process.arch].join("-")')
        npm_install "$target/node" "$package@22.23.3"
        node=$target/node/node_modules/$package/bin/node
    fi
}

# npm_install FOLDER [PACKAGE...]: these, or those of its package.json.
npm_install() {
    local folder=$1
    shift
    mkdir -p "$folder"
    npm install --prefix "$folder" --no-save --no-package-lock --no-audit --no-fund \
        --loglevel=error "$@" >&2
}

# The program under test, in `binary`: freshly built, unless SERVER_BINARY names
# one. (Not COUNTERSIGN_…: the server refuses settings it does not know.)
need_binary() {
    binary=${SERVER_BINARY:-$target/debug/countersign}
    [ -n "${SERVER_BINARY:-}" ] || cargo build --locked --bin countersign
}

# need_crowd PROFILE: `crowd`, the program that asks, and `binary`, the one under
# test, both freshly built; BENCH_BINARIES names a folder that has them already.
need_crowd() {
    local built
    if [ -n "${BENCH_BINARIES:-}" ]; then
        crowd=$BENCH_BINARIES/crowd binary=$BENCH_BINARIES/countersign
        return
    fi
    built=$(cargo bench --locked --quiet --no-run --profile "$1" --bench crowd --message-format=json)
    crowd=$(executable crowd "$built") binary=$(executable countersign "$built")
}

# need_tokens: `tokens`, the ceiling and the load of scripts/bench, and `binary`, the
# one under test, both built for release; BENCH_BINARIES names a folder with them.
need_tokens() {
    local built
    if [ -n "${BENCH_BINARIES:-}" ]; then
        tokens=$BENCH_BINARIES/tokens binary=$BENCH_BINARIES/countersign
        return
    fi
    echo "Building …" >&2
    built=$(cargo bench --locked --quiet --no-run --bench tokens --message-format=json)
    tokens=$(executable tokens "$built") binary=$(executable countersign "$built")
}

# need_fill: `fill` (examples/fill.rs), and `binary`, in the same way.
need_fill() {
    if [ -n "${BENCH_BINARIES:-}" ]; then
        fill=$BENCH_BINARIES/fill binary=$BENCH_BINARIES/countersign
        return
    fi
    echo "Building …" >&2
    cargo build --locked --quiet --release --bin countersign --example fill
    fill=$target/release/examples/fill binary=$target/release/countersign
}

# executable NAME MESSAGES: the path of what cargo says it built under that name.
executable() {
    sed -n "s|.*\"name\":\"$1\".*\"executable\":\"\([^\"]*\)\".*|\1|p" <<<"$2" | tail -1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start NAME PORT COMMAND...: in the background, until it listens. Its process is
# the last of `pids`, its output in `$work/NAME.log`.
start() {
    local name=$1 port=$2
    shift 2
    "$@" >"$work/$name.log" 2>&1 &
    pids+=($!)
    for _ in {1..300}; do
        if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
        kill -0 "${pids[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$work/$name.log" >&2
    echo "$name does not start" >&2
    return 1
}

# finish: ends what was started, and removes `$work`; for a trap.
finish() {
    local status=$? pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ $status != 0 ]; then
        for log in "$work"/*.log; do
            [ ! -e "$log" ] || { echo "--- $log:"; tail -n 20 "$log"; } >&2
        done
    fi
    rm -rf "$work"
    exit $status
}

# fleet COUNT: registers so many applications where the environment says, and
# writes an id and a secret a line to `$work/clients`.
fleet() {
    local api=https://api.example/bench
    "$binary" resource create --identifier "$api" --name Bench --scope invoices:read \
        --scope invoices:write >/dev/null
    awk -v count="$1" -v api="$api" 'BEGIN { for (i = 0; i < count; i++)
        printf "{\"name\":\"device %07d\",\"owner\":\"fleet\",\"grants\":[\"%s=invoices:read,invoices:write\"]}\n",
            i, api }' >"$work/fleet.jsonl"
    "$binary" import "$work/fleet.jsonl" >"$work/import.log" 2>&1
    sed -n 's/.*"client_id":"\([^"]*\)","client_secret":"\([^"]*\)".*/\1 \2/p' \
        "$work/fleet.jsonl.results.jsonl" >"$work/clients"
    rm "$work"/fleet.jsonl*
}

# settings: an environment of its own for the servers of a script, in `$work`.
settings() {
    unset "${!COUNTERSIGN_@}" DATABASE_URL
    mkdir -p "$work/data"
    COUNTERSIGN_MASTER_KEY=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
    COUNTERSIGN_DATA_DIR=$work/data COUNTERSIGN_METRICS_LISTEN=off
    export COUNTERSIGN_MASTER_KEY COUNTERSIGN_DATA_DIR COUNTERSIGN_METRICS_LISTEN
}

# measured_on: what a figure needs beside it.
measured_on() {
    local model
    model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)
    echo "$(date -u +%F), commit $(git describe --always --dirty), $model, $(nproc) cores," \
        "load average before: $busy"
}
busy=$(cut -d' ' -f1 /proc/loadavg)

# wait_sealed METRICS PID: until the server whose metrics are at that address has sealed
# all there is in its log, at most five minutes.
wait_sealed() {
    for _ in {1..1200}; do
        curl -sf "http://$1/metrics" 2>/dev/null |
            awk '/^countersign_audit_tree_size_batches [1-9]/ { sealed = 1 }
                /^countersign_audit_unsealed_age_seconds [1-9]/ { late = 1 }
                END { exit !(sealed && !late) }' && return
        kill -0 "$2" || return 1
        sleep 0.25
    done
    return 1
}
