#!/usr/bin/env bash
# Does the steps of hub/Dockerfile by hand, in an empty root, where there is no Docker; then tries what came out.
#     sudo hub/by_hand.sh FOLDER      FOLDER must not exist; some 5 GB; it stays
#     hub/by_hand.sh --steps          only says what would be done
# In the place of the image that FROM names, it takes a bare Debian with the same Python (debootstrap must be installed;
# MIRROR names another mirror). Everything else is the Dockerfile's. What it needs to reach the network (names, certificates,
# pip's settings) is lent to the root while it is built.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

# The Dockerfile without comments, an instruction a line.
steps() {
  sed -e '/^#/d' -e '/^[[:space:]]*$/d' "$here/hub/Dockerfile" | sed -e ':more' -e '/\\$/{N;s/\\\n//;b more' -e '}'
}

if [ "${1:-}" = --steps ]; then
  steps
  exit
fi
root=${1:?Name a folder that does not exist yet.}
[ ! -e "$root" ] || { echo "$root exists. Name a folder that does not."; exit 2; }
[ "$(id -u)" = 0 ] || { echo "Only root can make a root: sudo $0 $root"; exit 2; }
command -v debootstrap > /dev/null || { echo "debootstrap is missing: apt-get install debootstrap"; exit 2; }
# The mounts below are this script's alone, and go when it ends, however it ends.
[ -n "${APART:-}" ] || APART=yes exec unshare --mount --propagation private "$0" "$@"

environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8)
user=0
group=0
folder=/

# Runs a command in the root, by the user and with nothing in the environment but what the Dockerfile has set so far.
inside() {
  chroot --userspec="$user:$group" --groups="$group" "$root" /usr/bin/env -i "${environment[@]}" "${lent[@]}" \
    /bin/sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
}

lend() {
  lent=()
  for name in http_proxy https_proxy no_proxy PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_CERT PIP_DEFAULT_TIMEOUT; do
    [ -z "${!name:-}" ] || lent+=("$name=${!name}")
  done
  for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || { mkdir -p "$root$(dirname "$file")" && cp -L "$file" "$root$file"; }
  done
}

begin() {
  local python=${1#python:}
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "${python##*-}" "$root" ${MIRROR:-}
  mount --bind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  lend
  [ "$(inside python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = "${python%%-*}" ] ||
    { echo "This Debian has another Python than ${python%%-*}."; exit 1; }
}

copy() {
  local target="$root${*: -1}"
  local source
  for source in "${@:1:$#-1}"; do
    if [ -d "$here/$source" ]; then
      mkdir -p "$target" && cp -R "$here/$source/." "$target"
    else
      mkdir -p "$target" && cp -p "$here/$source" "$target"
    fi
  done
}

while read -r -u 3 instruction rest; do
  echo "== $instruction $rest"
  case $instruction in
    FROM) begin "$rest" ;;
    RUN) inside /bin/sh -c "$rest" ;;
    COPY) copy $rest ;;
    ENV)
      for setting in $rest; do
        PATH_BEFORE=$(printf '%s\n' "${environment[@]}" | sed -n 's/^PATH=//p' | tail -n 1)
        environment+=("${setting//\$PATH/$PATH_BEFORE}")
      done ;;
    USER) user=$rest group=$(awk -F: -v id="$rest" '$3 == id {print $4}' "$root/etc/passwd") ;;
    WORKDIR) folder=$rest ;;
    ENTRYPOINT) entry=$(tr -d '[]",' <<< "$rest") ;;
    CMD) command=$(tr -d '[]",' <<< "$rest") ;;
    *) echo "hub/by_hand.sh does not know $instruction. Teach it, or write the Dockerfile without."; exit 1 ;;
  esac
done 3< <(steps)

echo "== What was built is tried, as user $user and without a way out but this machine's own"
lent=()
rm -f "$root/etc/pip.conf"
[ "$(inside id -u)" = 1000 ]
if inside touch /opt/handseg/x 2> /dev/null; then
  echo "The user may change what is installed." && exit 1
fi
inside $entry python -m handseg_lib doctor
inside jupyterhub-singleuser --version
inside jupyter server extension list 2>&1 | grep -q nbgitpuller

cp -R "$here/notebooks" "$here/docs" "$root$folder"
chown -R "$user:$group" "$root$folder"
inside env HANDSEG_PROFILE=smoke HANDSEG_HGR1=none $entry jupyter nbconvert --to notebook --execute --output-dir /tmp \
  notebooks/00_start_here.ipynb

# By its own command, on a port of its own, until it answers.
inside $entry ${command/0.0.0.0/127.0.0.1} --port=8899 --IdentityProvider.token=by-hand > "$root/tmp/server" 2>&1 &
server=$!
trap 'pkill -P $server || true' EXIT  # it is the child of the function's own shell
for _ in $(seq 60); do
  sleep 1
  inside python -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:8899/api/status?token=by-hand")' 2> /dev/null &&
    { echo "JupyterLab answers. $(du -sxh "$root" | cut -f1) in $root."; exit 0; }
done
cat "$root/tmp/server"
echo "JupyterLab does not answer."
exit 1
