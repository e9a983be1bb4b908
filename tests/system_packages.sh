#!/usr/bin/env bash
# Debian's packages with the programs that the tests call: the only list of them, for `make test`, CI and tests.debian.
#
#   tests/system_packages.sh install GROUP...   Install what is missing by apt, as root or by sudo without a password.
#                                               Otherwise print one line that says what to install. Never fails.
#   tests/system_packages.sh list GROUP...      Print the names of the packages.
#
# Groups: tests (make test), machines (instructions, test-v4l2, test-libcamera and test-debian).
# FRAMEBUS_NO_APT=1 installs nothing.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

# Group, what shows that it is there (a program, or a pattern of files), package.
packages() {
    cat <<END
tests      gcc                                               gcc
tests      /usr/include/stdlib.h                             libc6-dev
tests      /usr/include/linux/videodev2.h                    linux-libc-dev
tests      /usr/include/zmq.h                                libzmq3-dev
tests      caddy                                             caddy
tests      chromium                                          chromium
tests      curl                                              curl
tests      ffmpeg                                            ffmpeg
tests      firefox-esr                                       firefox-esr
tests      git                                               git
tests      ip                                                iproute2
tests      mkvinfo                                           mkvtoolnix
tests      mosquitto                                         mosquitto
tests      mpv                                               mpv
tests      nginx                                             nginx-light
tests      node                                              nodejs
tests      openssl                                           openssl
tests      squid                                             squid
tests      WebKitWebDriver                                   webkit2gtk-driver
tests      Xvfb                                              xvfb
tests      systemd-analyze                                   systemd
tests      varnishd                                          varnish
tests      vlc                                               vlc-bin
tests      /usr/lib/*/vlc/plugins/demux/libmkv_plugin.so     vlc-plugin-base
tests      /usr/lib/python3.*/ensurepip                      python3-venv
tests      /usr/lib/python3/dist-packages/gi                 python3-gi
tests      /usr/lib/*/girepository-1.0/GstRtspServer-1.0.typelib  gir1.2-gst-rtsp-server-1.0
tests      /usr/lib/*/gstreamer-1.0/libgstvideotestsrc.so    gstreamer1.0-plugins-base
tests      /usr/lib/*/gstreamer-1.0/libgstrtp.so             gstreamer1.0-plugins-good
tests      /usr/lib/*/gstreamer-1.0/libgstx264.so            gstreamer1.0-plugins-ugly
machines   valgrind                                          valgrind
machines   qemu-system-x86_64                                qemu-system-x86
machines   busybox                                           busybox-static
machines   cpio                                              cpio
machines   modprobe                                          kmod
machines   dmsetup                                           dmsetup
machines   mkfs.ext4                                         e2fsprogs
machines   mmdebstrap                                        mmdebstrap
machines   /usr/share/keyrings/debian-archive-keyring.gpg    debian-archive-keyring
END
}

is_there() {
    case $1 in
        /*) compgen -G "$1" >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

wanted() {  # the packages of the groups; with "missing" before them, only those that are not there
    local only=
    if [ "$1" = missing ]; then only=missing; shift; fi
    packages | while read -r group sign package; do
        [[ " $* " == *" $group "* ]] || continue
        [ "$only" = missing ] && is_there "$sign" && continue
        echo "$package"
    done
}

apt_as() {  # prints what apt has to be called with: nothing for root, sudo for others who may; fails for all others
    [ -z "${FRAMEBUS_NO_APT:-}" ] && command -v apt-get >/dev/null || return 1
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null && sudo -n true 2>/dev/null && echo sudo
}

install() {
    local missing asroot
    missing=$(wanted missing "$@" | paste -sd ' ')
    [ -n "$missing" ] || return 0
    if ! asroot=$(apt_as); then
        echo "Tests that need these packages are skipped; run: sudo apt install --no-install-recommends $missing"
        return 0
    fi
    echo "Installing what the tests call, by apt; this can take some minutes: $missing"
    services off
    # shellcheck disable=SC2086  # words are meant
    if ! { $asroot apt-get update -qq &&
        $asroot env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; }; then
        services restore
        echo "apt could not install them; tests that need one of them are skipped: $(wanted missing "$@" | paste -sd ' ')"
        return 0
    fi
    services restore
}

services() {  # off: a server that is now installed is not started; restore: it can be started by hand, and only so
    local name
    [ -d /run/systemd/system ] || return 0
    for name in caddy mosquitto nginx; do
        [[ " $missing " == *" $name"[\ -]* ]] || continue
        if [ "$1" = off ]; then
            $asroot systemctl -q mask "$name.service"
        else
            $asroot systemctl -q unmask "$name.service"
            $asroot systemctl -q disable "$name.service" 2>/dev/null || true
        fi
    done
}

case ${1:-} in
    install) shift; install "$@" ;;
    list) shift; wanted "$@" ;;
    *) echo "usage: $0 install|list GROUP..." >&2; exit 2 ;;
esac
