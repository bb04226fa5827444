#!/usr/bin/env bash
# What both scripts of this folder do with the containers; they read it in, nobody runs it.
# shellcheck disable=SC2034  # the names below are used by who reads it in
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

FILE=docker-compose.webhook.prod.yml
NETWORK=aisha_webhook_cluster
APIS=(aisha-webhook-api-1 aisha-webhook-api-2)
NGINX=aisha-nginx-webhook

env_file=${ENV_FILE:-prod.env}
is_dry=no
may_build=yes
may_push=yes
# How long an instance may take from its start until it wants calls, and how often it is asked.
READY_LIMIT_S=${READY_LIMIT_S:-120}
LOOK_EVERY_S=${LOOK_EVERY_S:-1}
# Tocsin stops within 10 s, nginx finishes calls in hand.
STOP_LIMIT_S=20

# --- words

say() { echo "==> $*"; }
tell() { echo "    $*"; }
fail() { # what is wrong, then what to do, one line each
    echo "FAILED: $1" >&2
    shift
    [ $# -eq 0 ] || printf '        %s\n' "$@" >&2
    exit 1
}
run() { # a command that changes something; with --dry-run it is only shown
    if [ "$is_dry" = yes ]; then
        echo "    would run: $*"
        return 0
    fi
    "$@"
}
run_silent() { # the same for one that prints ids and names only
    if [ "$is_dry" = yes ]; then run "$@"; else "$@" >/dev/null; fi
}

# --- what is there

setting() { # a name and its default: the environment counts first, then the env file
    local name=$1 line value
    if [ -n "${!name:-}" ]; then
        echo "${!name}"
        return
    fi
    line=$(grep -E "^[[:space:]]*(export[[:space:]]+)?$name=" "$env_file" 2>/dev/null | tail -n 1 || true)
    value=${line#*=}
    value=${value%$'\r'}
    case $value in
        \"*\" | \'*\') value=${value:1:${#value}-2} ;;
        *) value=${value%%[[:space:]]#*} ;;
    esac
    echo "${value:-$2}"
}

check_env_file() {
    [ -f "$env_file" ] ||
        fail "there is no $env_file" "cp prod.env.example prod.env, and fill in what it names"
    [ -n "$(setting TOCSIN_DATABASE_URL "$(setting DATABASE_URL "")")" ] ||
        fail "$env_file has no DATABASE_URL" "two instances need one PostgreSQL"
    [ -n "$(setting TOCSIN_SECRET_KEY "$(setting TOCSIN_SECRET_KEY_FILE "")")" ] ||
        fail "$env_file has no TOCSIN_SECRET_KEY" "make one:  openssl rand -hex 32"
    ! grep -qE '^[^#]*=.*CHANGE_ME' "$env_file" ||
        fail "$env_file still has CHANGE_ME in it" "grep -n =.*CHANGE_ME $env_file"
}

check_tools() {
    case $env_file in
        /*) ;;
        *) [ ! -f "$called_from/$env_file" ] || env_file=$called_from/$env_file ;;
    esac
    [ "$is_dry" = yes ] || check_env_file
    registry=$(setting REGISTRY 192.168.0.4:5000)
    tag=$(setting TAG latest)
    api_image=$registry/webhook-api
    nginx_image=$registry/nginx-webhook
    ports=("$(setting API_1_PORT 8001)" "$(setting API_2_PORT 8002)")
    http_port=$(setting HTTP_PORT 80)
    # The compose file reads it under this name.
    export ENV_FILE=$env_file
    [ "$is_dry" = no ] || return 0
    for tool in docker curl; do
        command -v "$tool" >/dev/null 2>&1 || fail "$tool is not installed"
    done
    docker info >/dev/null 2>&1 ||
        fail "docker does not answer" "is it running, and may $(id -un) use it?"
}

compose_command=(docker-compose)
compose() {
    run "${compose_command[@]}" -f "$FILE" --env-file "$env_file" "$@"
}
check_compose() { # either form of Compose, whichever this machine has
    [ "$is_dry" = no ] || return 0
    if docker compose version >/dev/null 2>&1; then
        compose_command=(docker compose)
    elif ! command -v docker-compose >/dev/null 2>&1; then
        fail "neither 'docker compose' nor docker-compose is installed"
    fi
    compose config --quiet || fail "$FILE and $env_file do not go together; see above"
}

exists() { docker container inspect "$1" >/dev/null 2>&1; }
image_of() { docker container inspect --format '{{.Image}}' "$1" 2>/dev/null || true; }
id_of() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

# --- images

version() {
    git rev-parse --short=12 HEAD 2>/dev/null || date -u +%Y%m%d%H%M%S
}

build_images() {
    version=$(version)
    say "Building webhook-api and nginx-webhook ($version)"
    run docker build --file docker/Dockerfile --tag "$api_image:$tag" --tag "$api_image:$version" . ||
        fail "webhook-api could not be built; nothing was changed"
    run docker build --tag "$nginx_image:$tag" --tag "$nginx_image:$version" docker/nginx ||
        fail "nginx-webhook could not be built; nothing was changed"
}

push_images() {
    say "Pushing to $registry"
    for image in "$api_image" "$nginx_image"; do
        { run docker push "$image:$version" && run docker push "$image:$tag"; } ||
            fail "$image could not be pushed; no container was touched" \
                "does it answer?  curl -s http://$registry/v2/_catalog" \
                "without https it has to stand under insecure-registries in /etc/docker/daemon.json" \
                "--no-push keeps the images on this machine"
    done
}

# --- containers

remove() { # a container, whoever made it
    [ "$is_dry" = no ] && ! exists "$1" && return 0
    run_silent docker stop -t "$STOP_LIMIT_S" "$1"
    run_silent docker rm "$1"
}

# Removed first: docker-compose 1.29 cannot recreate containers of images that newer engines build.
replace() {
    remove "$1"
    compose up -d --no-deps --no-build "$1"
}

answers() { # an address
    curl --fail --silent --output /dev/null --max-time 3 "$1"
}
wait_for() { # who, and the address that says so
    [ "$is_dry" = no ] || { echo "    would wait for $2"; return 0; }
    local until=$((SECONDS + READY_LIMIT_S))
    until answers "$2"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep "$LOOK_EVERY_S"
    done
    tell "$1 is ready"
}
wait_ready() { # an instance's number, from 0
    wait_for "${APIS[$1]}" "http://127.0.0.1:${ports[$1]}/health/ready"
}
wait_nginx() {
    wait_for "$NGINX" "http://127.0.0.1:$http_port/health/proxy"
}
show_log() {
    echo "--- the last lines of $1" >&2
    docker logs --tail 30 "$1" >&2 || true
}
