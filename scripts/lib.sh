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
