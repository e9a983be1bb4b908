#!/usr/bin/env bash
# Builds the Debian package: build.sh SDIST CARRIED FOLDER
#   SDIST    the source distribution of framebus
#   CARRIED  the wheel of videodev2, which Debian lacks
#   FOLDER   where the package goes
# Its bytes depend on these two files and on the versions of Debian's tools, and on nothing else.
set -euo pipefail
sdist=$(realpath "$1") carried=$(realpath "$2") folder=$(realpath "$3")
maintainer='framebus developers <framebus@users.noreply.github.com>'

umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/framebus"
cd "$work/framebus"
tar -xzf "$sdist" --strip-components=1 --no-same-owner
cp -r deploy/debian debian
mkdir debian/carried
cp "$carried" debian/carried

version=$(sed -n 's/^Version: //p' PKG-INFO | sed -E 's/\.?(dev|a|b|rc)/~\1/')  # 0.3.0.dev1 comes before 0.3.0
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(stat -c %Y PKG-INFO)}
cat >debian/changelog <<END
framebus ($version) unstable; urgency=medium

  * See CHANGELOG.md, which is installed as changelog.gz.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END

dpkg-checkbuilddeps -I  # without build-essential: nothing is compiled

# The settings that a machine or a user may have for the tools would change the bytes.
if ! env -i PATH="/usr/sbin:/usr/bin:/sbin:/bin" HOME="$work" LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" \
    dpkg-buildpackage --build=binary --no-sign --no-check-builddeps >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
fi
rm -f "$folder"/framebus_*_all.deb
cp "$work"/framebus_*_all.deb "$folder"
