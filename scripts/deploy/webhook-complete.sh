#!/usr/bin/env bash
# Builds, pushes and starts the whole cluster: two instances of Tocsin and nginx.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/deploy/webhook-complete.sh [options]

Builds the images webhook-api and nginx-webhook, pushes them to REGISTRY, makes the network
aisha_webhook_cluster, removes the containers that are there, starts new ones, and checks that
they answer. Calls are refused for some seconds; update-webhook-images.sh does without that.

  --env-file FILE  the settings            [prod.env]
  --no-build       with the images as they are on this machine
  --no-push        keep the images on this machine
  --dry-run        show what would be done, and do nothing
  --help
TEXT
}

# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

while [ $# -gt 0 ]; do
    case $1 in
        --env-file)
            env_file=${2:?--env-file needs a file}
            shift
            ;;
        --no-build) may_build=no ;;
        --no-push) may_push=no ;;
        --dry-run) is_dry=yes ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

# Fixed addresses, by which nginx finds the instances; what else joins gets one of the upper half.
make_network() {
    local prefix found=
    prefix=$(setting NETWORK_PREFIX 172.31.80)
    say "Network $NETWORK ($prefix.0/24)"
    if [ "$is_dry" = no ] && docker network inspect "$NETWORK" >/dev/null 2>&1; then
        found=$(docker network inspect --format '{{range .IPAM.Config}}{{.Subnet}} {{end}}' "$NETWORK")
        case " $found" in
            *" $prefix.0/24 "*) tell "is there" && return ;;
        esac
        fail "the network $NETWORK is there with other addresses: ${found:-none}" \
            "either set NETWORK_PREFIX in $env_file to its own, if that is a /24," \
            "or, once nothing is in it any more:  docker network rm $NETWORK"
    fi
    run_silent docker network create \
        --subnet "$prefix.0/24" --ip-range "$prefix.128/25" "$NETWORK"
}

stop_former() {
    say "Removing the former containers"
    for name in "$NGINX" "${APIS[@]}"; do
        remove "$name"
    done
}

start_all() {
    say "Starting"
    compose up -d --no-build ||
        fail "they could not be started" "docker-compose -f $FILE --env-file $env_file logs"
}

check_all() {
    say "Checking"
    for number in "${!APIS[@]}"; do
        wait_ready "$number" || {
            show_log "${APIS[$number]}"
            fail "${APIS[$number]} is not ready after $READY_LIMIT_S s"
        }
    done
    wait_nginx || { show_log "$NGINX" && fail "$NGINX does not answer on port $http_port"; }
    wait_for "the cluster" "http://127.0.0.1:$http_port/health" ||
        fail "$NGINX does not reach the instances"
}

check_tools
check_compose
[ "$may_build" = no ] || build_images
[ "$may_build" = no ] || [ "$may_push" = no ] || push_images
make_network
stop_former
start_all
check_all
say "Done. The receiver of FAL: http://localhost:$http_port/api/v1/avatar/status_update"
