#!/usr/bin/env bats
# Installation as distributions expect it, and the Debian package, installed and removed in a Debian made for that by debootstrap.
# shellcheck disable=SC2016 # dpkg-query has variables of its own

bats_require_minimum_version 1.5.0
load common

setup_file() {
  local tool missing=()
  for tool in dpkg-buildpackage dh lintian debootstrap; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  ((EUID == 0)) || missing+=(root)
  if ((${#missing[@]})); then
    [[ ${CI:-} ]] || skip "the package is left out: this needs ${missing[*]}"
    echo "missing: ${missing[*]}" >&2
    return 1
  fi
  export TREE=$BATS_FILE_TMPDIR/tree
  mkdir -p "$TREE/test"
  cd "$BATS_TEST_DIRNAME/.." || return
  cp -r Makefile LICENSE README.md tiny-reaper.c man "$TREE"
  cp -r test/deb test/deb.d test/need test/packages test/packages.ci "$TREE/test"
}

# A minimal Debian, made once and kept as an archive: unpacked into $ROOT.
make_root() {
  local archive=$BATS_TEST_DIRNAME/helper/build/debian.tar made codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  if [[ ! -e $archive ]]; then
    made=$BATS_TEST_TMPDIR/made
    debootstrap --variant=minbase "$codename" "$made" >"$BATS_TEST_TMPDIR/log" 2>&1 || { tail "$BATS_TEST_TMPDIR/log"; return 1; }
    mkdir -p "$(dirname "$archive")"
    tar -cf "$archive.new" -C "$made" --exclude=./var/cache/apt --exclude=./dev . && mv "$archive.new" "$archive"
    rm -rf "$made"
  fi
  mkdir -p "$ROOT/dev"
  tar -xf "$archive" -C "$ROOT"
  mknod -m 666 "$ROOT/dev/null" c 1 3
}

# Every file below a folder, with type, mode, owner and link; dpkg's own records left out.
files_in() {
  (cd "$1" && find . -path ./var/lib/dpkg -prune -o -path ./var/log -prune -o -printf '%p %y %m %u:%g %l\n') | sort
}

@test "make install and make uninstall, with DESTDIR and PREFIX" {
  local destination=$BATS_TEST_TMPDIR/root
  make -s -C "$TREE" install DESTDIR="$destination" PREFIX=/opt/x
  diff <(cd "$destination" && find . -type f -printf '%P %m\n' | sort) - <<'END'
opt/x/bin/tiny-reaper 755
opt/x/share/bash-completion/completions/tiny-reaper 644
opt/x/share/fish/vendor_completions.d/tiny-reaper.fish 644
opt/x/share/man/man1/tiny-reaper.1 644
opt/x/share/zsh/site-functions/_tiny-reaper 644
END
  "$destination/opt/x/bin/tiny-reaper" true
  make -s -C "$TREE" uninstall DESTDIR="$destination" PREFIX=/opt/x
  [ -z "$(find "$destination" ! -type d)" ]
}

@test "make deb: a package that lintian finds no error in, the same again at the second time" {
  (cd "$TREE" && SOURCE_DATE_EPOCH=1700000000 make deb) >&2
  cp "$TREE"/dist/*.deb "$BATS_FILE_TMPDIR/first.deb"
  (cd "$TREE" && SOURCE_DATE_EPOCH=1700000000 make deb) >&2
  cmp "$TREE"/dist/*.deb "$BATS_FILE_TMPDIR/first.deb"
}

@test "the package installs, works, and goes without a trace, in a fresh Debian" {
  ROOT=$BATS_TEST_TMPDIR/root
  make_root
  files_in "$ROOT" >"$BATS_TEST_TMPDIR/before"
  cp "$BATS_FILE_TMPDIR/first.deb" "$ROOT/package.deb"
  chroot "$ROOT" dpkg --install /package.deb
  rm "$ROOT/package.deb"
  [ "$(chroot "$ROOT" dpkg-query -Wf '${db:Status-Status}' tiny-reaper)" = installed ]
  run -7 chroot "$ROOT" tiny-reaper sh -c 'exit 7'
  run -124 chroot "$ROOT" tiny-reaper --timeout 0.1 sleep 1000
  [ -z "$(chroot "$ROOT" dpkg --verify tiny-reaper)" ]
  chroot "$ROOT" dpkg --listfiles tiny-reaper | grep -qx /usr/share/man/man1/tiny-reaper.1.gz
  chroot "$ROOT" dpkg --purge tiny-reaper
  [ ! -e "$ROOT/usr/bin/tiny-reaper" ]
  diff "$BATS_TEST_TMPDIR/before" <(files_in "$ROOT")
}
