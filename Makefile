# make            one static binary, ./tiny-reaper (with musl-gcc where it is installed, else with cc)
# make STATIC=no  a dynamic one, for a distribution with CC, CFLAGS and LDFLAGS of its own
# make help       all targets
STATIC  ?= yes
PREFIX  ?= /usr/local
BINDIR   = $(DESTDIR)$(PREFIX)/bin
SHARE    = $(DESTDIR)$(PREFIX)/share
# fish looks into /usr/share, and for what is installed by hand into /etc/fish.
FISHDIR  = $(if $(PREFIX:/usr/local=),$(PREFIX)/share/fish/vendor_completions.d,/etc/fish/completions)
FISH     = $(DESTDIR)$(FISHDIR)
CFLAGS  ?= $(SMALL) -g0 -fstack-protector-strong

ifneq ($(filter yes true on 1,$(STATIC)),)
ifeq ($(origin CC),default)
CC      := $(or $(and $(shell command -v musl-gcc 2>/dev/null),musl-gcc),cc)
endif
# Not a PIE: relocating itself would be the greatest part of its start.
# Few pages to fault in: one segment for code and constants, and no RELRO, which would protect nothing here.
LINK     = -static -s -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro
CODE     = -fno-pie -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-jump-tables
else ifneq ($(filter no false off 0,$(or $(STATIC),no)),)
LINK     = -pie -Wl,-z,relro,-z,now
CODE     = -fpie
else
$(error STATIC is yes or no, not "$(STATIC)")
endif
# The smallest that the compiler knows: what is read and mapped at each start is the program itself. (-Oz: gcc from 12 on.)
SMALL   := $(shell echo | $(CC) -Oz -E -x c - >/dev/null 2>&1 && echo -Oz || echo -Os)
WARN     = -Wall -Wextra -Wshadow -Wconversion
CODE    += -std=gnu11 -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=.
LINK    += -Wl,--gc-sections -Wl,-z,noexecstack
export COMPILE = $(CC) $(CPPFLAGS) $(WARN) $(CODE) $(CFLAGS) -o tiny-reaper tiny-reaper.c $(LDFLAGS) $(LINK)
LACK     = $(CC), or its C library, is missing: on Debian, apt-get install gcc libc6-dev (of test/packages)

all: tiny-reaper ## the program (default)

tiny-reaper: tiny-reaper.c .built-with
	@echo '#include <stdio.h>' | $(CC) $(CPPFLAGS) -E -x c - >/dev/null 2>&1 || { echo '$(LACK)' >&2; exit 1; }
	$(COMPILE)

# Other flags, STATIC or CC than last time: this file is younger than the program then.
.built-with: FORCE
	@printf '%s\n' "$$COMPILE" | cmp -s - $@ || printf '%s\n' "$$COMPILE" >$@

help: ## this list
	@sed -n 's/^\([a-z-][a-z -]*\):.*## /\1\t/p' Makefile | expand -t 16

check test: ## the tests; as root on Debian it installs what they need
	test/check
check-faults: tiny-reaper ## each system call fails, or is late
	@test/need $@ python3 strace
	test/faults/run
bench: tiny-reaper ## figures, beside other tools of the kind
	@test/need $@ python3 musl-gcc
	test/bench/run
left: tiny-reaper ## what each tool leaves behind
	@test/need $@ python3
	test/bench/left
picture: tiny-reaper ## the picture in README.md
	@test/need $@ python3 seq
	test/picture
dist: ## release files for seven architectures
	@test/need $@ git
	test/dist
deb: ## a Debian package
	@test/need $@ dpkg-buildpackage dh lintian
	test/deb

install: all ## DESTDIR and PREFIX are heeded
	install -d $(BINDIR) $(SHARE)/man/man1 $(SHARE)/bash-completion/completions \
	    $(SHARE)/zsh/site-functions $(FISH)
	install -m 755 tiny-reaper $(BINDIR)/tiny-reaper
	install -m 644 man/tiny-reaper.1 $(SHARE)/man/man1/tiny-reaper.1
	install -m 644 man/completion/tiny-reaper.bash $(SHARE)/bash-completion/completions/tiny-reaper
	install -m 644 man/completion/_tiny-reaper $(SHARE)/zsh/site-functions/_tiny-reaper
	install -m 644 man/completion/tiny-reaper.fish $(FISH)/tiny-reaper.fish

uninstall: ## what install has put there
	rm -f $(BINDIR)/tiny-reaper $(SHARE)/man/man1/tiny-reaper.1 $(FISH)/tiny-reaper.fish \
	    $(SHARE)/bash-completion/completions/tiny-reaper $(SHARE)/zsh/site-functions/_tiny-reaper

clean: ## what make has made
	rm -rf tiny-reaper .built-with test/helper/build dist

FORCE:
.PHONY: all help check test check-faults bench left picture dist deb install uninstall clean FORCE
