#!/bin/sh
# Writes nginx's configuration from the environment, and starts, checks or reloads nginx with it.
set -eu

usage() {
    cat <<'TEXT'
usage: nginx.sh start|check|reload

  start   write the configuration and run nginx in the foreground
  check   write it and let nginx say whether it is right
  reload  write it, check it, and have the running nginx take it; nobody is cut off

TOCSIN_INSTANCES      where the instances are, NAME=HOST:PORT each; NAME is the instance's INSTANCE_ID
NGINX_HTTP            what to listen on for http                              [80]
NGINX_HTTPS           for https, where there is a certificate                 [443 8443]
TLS_CERTIFICATE       the certificate with its chain       [/etc/nginx/certs/fullchain.pem]
TLS_KEY               its key                                [/etc/nginx/certs/privkey.pem]
NGINX_PROXIES         addresses or networks, with commas, of proxies in front of this one
NGINX_REDIRECT_PORT   the port that pages asked for by http are sent to; "no" leaves them  [443]
NGINX_USER            whom the workers run as                                 [www-data]
NGINX_RUN             folder for all that is written                          [/run/tocsin-nginx]
TEXT
}

fail() {
    echo "nginx.sh: $1" >&2
    exit 2
}

from=$(cd "$(dirname "$0")" && pwd)
run=${NGINX_RUN:-/run/tocsin-nginx}
certificate=${TLS_CERTIFICATE:-/etc/nginx/certs/fullchain.pem}
key=${TLS_KEY:-/etc/nginx/certs/privkey.pem}

# As Tocsin begins the ids of its long-polling sessions: by these they find their instance again.
mark_of() {
    printf %s "$1" | tr -c 'A-Za-z0-9_-' '-' | cut -c 1-64
}

check_proxies() {
    case ${NGINX_PROXIES:-} in
        *[!0-9A-Fa-f.:/,\ ]*) fail "NGINX_PROXIES: '$NGINX_PROXIES' is no list of networks" ;;
    esac
}

check_instances() {
    [ -n "${TOCSIN_INSTANCES:-}" ] ||
        fail "TOCSIN_INSTANCES is missing, such as 'api-1=127.0.0.1:8001 api-2=127.0.0.1:8002'"
    for one in $TOCSIN_INSTANCES; do
        case $one in
            *[!A-Za-z0-9._:=\[\]-]*) fail "TOCSIN_INSTANCES: '$one' is not NAME=HOST:PORT" ;;
            ?*=?*:[0-9]*) ;;
            *) fail "TOCSIN_INSTANCES: '$one' is not NAME=HOST:PORT" ;;
        esac
    done
}

# max_fails=0: no instance is ever left out. With least_conn one that hangs has the most calls open
# and so gets no more, and one that refuses costs a millisecond. Left out for some seconds, it would
# be missed just when the other one goes; and a 503 to one live client says nothing of the next.
servers() {
    for one in $TOCSIN_INSTANCES; do
        echo "    server ${one#*=} max_fails=0;"
    done
}

write_instances() {
    echo "upstream tocsin {"
    echo "    zone tocsin 128k;"
    echo "    least_conn;"
    servers
    # uvicorn closes what is idle for 5 s; a call must not meet that moment.
    echo "    keepalive 64;"
    echo "    keepalive_timeout 3s;"
    echo "}"
    echo "upstream tocsin_live {"
    echo "    zone tocsin_live 128k;"
    echo "    least_conn;"
    servers
    echo "}"
    # A long-polling session lives in one instance. When that is dead the other one says so, and the
    # client begins anew there.
    for owner in $TOCSIN_INSTANCES; do
        echo "upstream tocsin_live_$(mark_of "${owner%%=*}") {"
        for one in $TOCSIN_INSTANCES; do
            [ "$one" = "$owner" ] && role= || role=" backup"
            echo "    server ${one#*=} max_fails=0$role;"
        done
        echo "}"
    done
    echo "map \$arg_sid \$live {"
    echo "    default tocsin_live;"
    for owner in $TOCSIN_INSTANCES; do
        mark=$(mark_of "${owner%%=*}")
        echo "    ~^$mark\. tocsin_live_$mark;"
    done
    echo "}"
}

# Another proxy in front may have ended TLS; a stranger who says so is not believed.
write_proxies() {
    echo "geo \$is_proxy {"
    echo "    default 0;"
    for one in $(echo "${NGINX_PROXIES:-}" | tr ',' ' '); do
        echo "    $one 1;"
    done
    echo "}"
    cat <<'CONF'
map $is_proxy:$http_x_forwarded_proto $proto {
    1:https https;
    1:http  http;
    default $scheme;
}
CONF
}

has_certificate() {
    [ -e "$certificate" ] || [ -e "$key" ]
}

write_listen() {
    for one in ${NGINX_HTTP:-80}; do
        echo "listen $one;"
    done
    has_certificate || return 0
    for one in ${NGINX_HTTPS:-443 8443}; do
        echo "listen $one ssl http2;"
    done
    cat <<CONF
ssl_certificate $certificate;
ssl_certificate_key $key;
# What every sender of the last ten years can do, and nothing that is known to be weak.
ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
ssl_prefer_server_ciphers off;
ssl_session_cache shared:tls:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
CONF
}

write_redirect() {
    port=${NGINX_REDIRECT_PORT:-443}
    has_certificate && [ "$port" != no ] || return 0
    [ "$port" = 443 ] && shown="" || shown=":$port"
    echo "if (\$proto = http) { return 308 https://\$host$shown\$request_uri; }"
}

write_all() {
    check_instances
    check_proxies
    if has_certificate; then
        [ -r "$certificate" ] || fail "there is $key, but $certificate cannot be read"
        [ -r "$key" ] || fail "there is $certificate, but $key cannot be read"
    fi
    mkdir -p "$run"
    # Who is not root cannot be somebody else.
    [ "$(id -u)" -eq 0 ] && user="user ${NGINX_USER:-www-data};" || user=
    echo "$user" >"$run/main.conf"
    write_instances >"$run/instances.conf"
    write_proxies >"$run/proxies.conf"
    write_listen >"$run/listen.conf"
    write_redirect >"$run/redirect.conf"
    cp "$from/nginx.conf" "$run/nginx.conf"
}

nginx_here() {
    nginx -p "$run" -c nginx.conf -e stderr "$@"
}

case ${1:-} in
    start)
        write_all
        # A mistake is told before anything listens, by nginx's own words.
        nginx_here -q -t
        exec nginx -p "$run" -c nginx.conf -e stderr -g "daemon off;"
        ;;
    check)
        write_all
        nginx_here -t
        ;;
    reload)
        write_all
        nginx_here -q -t
        nginx_here -s reload
        ;;
    -h | --help | help) usage ;;
    *)
        usage >&2
        exit 2
        ;;
esac
