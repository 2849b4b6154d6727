# make            one static binary, ./tiny-reaper (with musl-gcc where it is installed, else with cc)
# make STATIC=0   a dynamic one, for a distribution with CC, CFLAGS and LDFLAGS of its own
STATIC  ?= 1
PREFIX  ?= /usr/local
BINDIR   = $(DESTDIR)$(PREFIX)/bin
SHARE    = $(DESTDIR)$(PREFIX)/share
CFLAGS  ?= -Os -g0 -fstack-protector-strong

ifeq ($(STATIC),1)
ifeq ($(origin CC),default)
CC      := $(or $(and $(shell command -v musl-gcc 2>/dev/null),musl-gcc),cc)
endif
# Not a PIE: relocating itself would be the greatest part of its start.
# Few pages to fault in: one segment for code and constants, and no RELRO, which would protect nothing here.
LINK     = -static -s -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro
CODE     = -fno-pie
else
CODE     = -fpie
LINK     = -pie -Wl,-z,relro,-z,now
endif
WARN     = -Wall -Wextra -Wshadow -Wconversion
CODE    += -std=gnu11 -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=.
LINK    += -Wl,--gc-sections -Wl,-z,noexecstack

all: tiny-reaper

tiny-reaper: tiny-reaper.c
	$(CC) $(CPPFLAGS) $(WARN) $(CODE) $(CFLAGS) -o $@ $< $(LDFLAGS) $(LINK)

check:
	test/check

check-faults: tiny-reaper
	test/faults/run

bench: tiny-reaper
	test/bench/run

dist:
	test/dist

deb:
	test/deb

install: all
	install -d $(BINDIR) $(SHARE)/man/man1 $(SHARE)/bash-completion/completions \
	    $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 755 tiny-reaper $(BINDIR)/tiny-reaper
	install -m 644 man/tiny-reaper.1 $(SHARE)/man/man1/tiny-reaper.1
	install -m 644 man/completion/tiny-reaper.bash $(SHARE)/bash-completion/completions/tiny-reaper
	install -m 644 man/completion/_tiny-reaper $(SHARE)/zsh/site-functions/_tiny-reaper
	install -m 644 man/completion/tiny-reaper.fish $(SHARE)/fish/vendor_completions.d/tiny-reaper.fish

uninstall:
	rm -f $(BINDIR)/tiny-reaper $(SHARE)/man/man1/tiny-reaper.1 \
	    $(SHARE)/bash-completion/completions/tiny-reaper $(SHARE)/zsh/site-functions/_tiny-reaper \
	    $(SHARE)/fish/vendor_completions.d/tiny-reaper.fish

clean:
	rm -rf tiny-reaper test/helper/build dist

.PHONY: all check check-faults bench dist deb install uninstall clean
