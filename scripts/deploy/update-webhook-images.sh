#!/usr/bin/env bash
# Brings new images or settings into the running cluster, one instance after the other.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/deploy/update-webhook-images.sh [options]

Builds both images, pushes them to REGISTRY, and replaces one instance after the other: the next
one only when the former is ready, so that calls are taken all the time. An instance that does
not become ready goes back to its former image, and so do those that were replaced before it.
nginx is reloaded, and replaced only if its image has changed.

  --env-file FILE  the settings            [prod.env]
  --restart-only   the images as they are: for changes of the settings or of nginx.conf
  --pull           the images of REGISTRY instead of building them
  --no-push        keep the images on this machine
  --dry-run        show what would be done, and do nothing
  --help
TEXT
}

# shellcheck source-path=SCRIPTDIR source=containers.sh
. "$(dirname "$0")/containers.sh"

may_pull=no
while [ $# -gt 0 ]; do
    case $1 in
        --env-file)
            env_file=${2:?--env-file needs a file}
            shift
            ;;
        --restart-only) may_build=no ;;
        --pull) may_build=no && may_pull=yes ;;
        --no-push) may_push=no ;;
        --dry-run) is_dry=yes ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

# The images that the containers are made of now, by their ids: tags move.
former_api=""
former_nginx=""
note_former() {
    [ "$is_dry" = no ] || return 0
    for name in "${APIS[@]}" "$NGINX"; do
        exists "$name" ||
            fail "there is no container $name" "scripts/deploy/webhook-complete.sh starts all of them"
    done
    former_api=$(image_of "${APIS[0]}")
    former_nginx=$(image_of "$NGINX")
}

pull_images() {
    say "Pulling from $registry"
    for image in "$api_image:$tag" "$nginx_image:$tag"; do
        run docker pull "$image" || fail "$image could not be pulled; no container was touched"
    done
}

update_apis() {
    for number in "${!APIS[@]}"; do
        say "Replacing ${APIS[$number]}"
        if replace "${APIS[$number]}" && wait_ready "$number"; then
            continue
        fi
        show_log "${APIS[$number]}"
        return_to_former "$number"
    done
}

return_to_former() { # the number of the one that failed; those before it are of the new image
    local failed=${APIS[$1]} number
    if [ "$former_api" = "$(id_of "$api_image:$tag")" ]; then
        fail "$failed is not ready after $READY_LIMIT_S s; its image is the one it had before" \
            "look at $env_file and at the log above; the instances after it were not touched"
    fi
    say "$failed is not ready after $READY_LIMIT_S s: back to the former image"
    run docker tag "$former_api" "$api_image:$tag"
    for ((number = $1; number >= 0; number--)); do
        if replace "${APIS[$number]}" && wait_ready "$number"; then
            continue
        fi
        show_log "${APIS[$number]}"
        fail "${APIS[$number]} is not ready with the former image either" \
            "if the new one has changed the database: docs/operations.md, on going back"
    done
    # Or the next machine that pulls would get the image that does not start.
    [ "$may_push" = no ] || [ "$may_build" = no ] || run_silent docker push "$api_image:$tag" || true
    fail "the new image does not become ready; all instances run the former one again"
}

update_nginx() {
    if [ "$is_dry" = no ] && [ "$former_nginx" = "$(id_of "$nginx_image:$tag")" ]; then
        say "Reloading $NGINX"
        run docker exec "$NGINX" sh /etc/nginx/tocsin/nginx.sh reload ||
            fail "nginx goes on with its former configuration" "correct docker/nginx/nginx.conf"
        return
    fi
    say "Replacing $NGINX"
    if replace "$NGINX" && wait_nginx; then
        return
    fi
    show_log "$NGINX"
    say "$NGINX does not answer: back to the former image"
    run docker tag "$former_nginx" "$nginx_image:$tag"
    { replace "$NGINX" && wait_nginx; } || fail "$NGINX does not answer with the former image either"
    fail "the new nginx-webhook does not start; the former one runs again"
}

check_tools
check_compose
note_former
[ "$may_build" = no ] || build_images
[ "$may_build" = no ] || [ "$may_push" = no ] || push_images
[ "$may_pull" = no ] || pull_images
update_apis
update_nginx
wait_for "the cluster" "http://127.0.0.1:$http_port/health" ||
    fail "$NGINX does not reach the instances"
say "Done"
