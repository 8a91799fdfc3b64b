# Senda: `make` builds, `make demo` shows it, `make test` proves it, `make help` lists the rest.
#
# Nothing here asks for a compiler or a library before set-up has run: flags of libraries are
# looked up when a recipe first needs them.

BUILD ?= build
NGX_SRC ?= /usr/share/nginx/src
CC = gcc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
MODULESDIR ?= /usr/lib/nginx/modules
FUZZ_SECONDS ?= 60
FUZZ_JOBS ?= 1

# What set-up is followed by runs in a make of its own, on all processors.
again_make = $(MAKE) --no-print-directory -j$$(nproc)

WARN = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
STD = -std=gnu11 -D_GNU_SOURCE -fPIC -fstack-protector-strong

# Libraries that every build needs, and those that one feature alone needs. An optional library
# is a row NAME:PKG-CONFIG NAME:DEBIAN PACKAGE; where it is installed, SENDA_HAVE_NAME is defined,
# where it is not, the build says which feature is left out.
PACKAGES = glib-2.0 gmime-3.0 libcurl openssl jansson
OPTIONAL = GRAPHVIZ:libgvc:libgraphviz-dev
LIBS = -llmdb -lmsgpackc -lcsv -lm

row = $(word $(1),$(subst :, ,$(2)))
have = $(shell pkg-config --exists $(call row,2,$(1)) 2>/dev/null && echo yes)
found = $(foreach o,$(OPTIONAL),$(if $(call have,$(o)),$(o)))
absent = $(filter-out $(found),$(OPTIONAL))
packages = $(PACKAGES) $(foreach o,$(found),$(call row,2,$(o)))

# Evaluated once, when first used.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $$(packages)) \
    $$(foreach o,$$(found),-DSENDA_HAVE_$$(call row,1,$$(o))))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell pkg-config --libs $$(packages)) $(LIBS))$(PKG_LIBS)

CORE_SRC := $(wildcard core/*.c)
SIDECAR_SRC := $(filter-out sidecar/main.c,$(wildcard sidecar/*.c sidecar/*/*.c))
NGX_OURS := $(wildcard ngx_module/*.[ch] core/*.[ch])
TEST_SRC := $(wildcard tests/test_*.c)
TOOL_SRC := $(wildcard tests/tool_*.c)
BENCH_SRC := $(wildcard tests/bench_*.c)
FUZZ_SRC := $(wildcard tests/fuzz_*.c)
PRELOAD_SRC := $(wildcard tests/preload_*.c)
SHARED_SRC := $(filter-out $(TEST_SRC) $(TOOL_SRC) $(BENCH_SRC) $(FUZZ_SRC) $(PRELOAD_SRC),\
    $(wildcard tests/*.c))

SIDECAR_INC = -Isidecar $(addprefix -I,$(patsubst %/,%,$(wildcard sidecar/*/)))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
bin = $(patsubst %.c,$(BUILD)/%,$(1))

MODULE = $(BUILD)/ngx_http_senda_module.so
PROGRAM = $(BUILD)/senda
ARCHIVES = $(BUILD)/libsidecar.a $(BUILD)/libcore.a
TESTS = $(call bin,$(TEST_SRC))
TOOLS = $(call bin,$(TOOL_SRC)) $(patsubst %,%.so,$(call bin,$(PRELOAD_SRC)))
BENCHES = $(call bin,$(BENCH_SRC))

.PHONY: all objects setup test check fault servers nginx-tests asan fuzz mutate bench bench-nginx demo install clean help tests tools benches \
    fuzzers format again
.DELETE_ON_ERROR:
.SECONDARY:

all: $(MODULE) $(PROGRAM)
	$(if $(absent),@echo "built without: $(foreach o,$(absent),$(call row,1,$(o)) (package $(call row,3,$(o))))")

help:
	@echo 'make            build/ngx_http_senda_module.so and build/senda'
	@echo 'make demo       set up, build, show a shop whose visitors Senda follows'
	@echo 'make test       set up, build, run every test'
	@echo 'make fault      what must hold when things go wrong, with its figures (ONLY=f04: one row)'
	@echo 'make check      set up, then compilers, linters, style and rules of the house'
	@echo 'make format     the style of .clang-format, put on every C file'
	@echo 'make asan       the tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo '                (NGINX_SOURCE=DIR: nginx built out of that source instead of Debian'"'"'s)'
	@echo 'make nginx-tests NGINX_TESTS=DIR   the tests of nginx itself, with and without the module (JOBS at once)'
	@echo 'make servers NGX_SRC=DIR           that nginx, plain and with the module in it'
	@echo 'make fuzz       each fuzzer for FUZZ_SECONDS ($(FUZZ_SECONDS)), FUZZ_JOBS of them at once (ONLY=ring: one)'
	@echo 'make mutate     whether a test notices each statement of the language that does nothing'
	@echo 'make bench-nginx  what a request costs beside bare nginx, its log, Lua with Redis, a mirror'
	@echo 'make bench      that, lines per second of replay, and the parts by themselves'
	@echo 'make install    module, program, configuration, manual (PREFIX, MODULESDIR, DESTDIR)'
	@echo 'make clean      remove $(BUILD)/'
	@echo 'Variables: CC, CFLAGS, BUILD (folder), NGX_SRC (another nginx source tree),'
	@echo 'SANITIZE=address,undefined'

# ---- objects ----

# One short line for each file; V=1 shows the whole commands.
ifdef V
say =
else
say = @echo '  $(1) $@';
endif

ifdef SANITIZE
SAN = -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined
endif

COMPILE = $(CC) $(STD) $(CFLAGS) $(WARN) $(SAN) -MMD -MP -Icore
LINK = $(CC) $(CFLAGS) $(SAN) $(LDFLAGS)

# What the build needs is there, or one message says what is missing.
$(BUILD)/ready: tests/setup.sh
	@mkdir -p $(@D)
	@sh tests/setup.sh --missing build
	@touch $@

# Changes only when an optional library has come or gone, so that what uses it is compiled anew.
$(BUILD)/features: again | $(BUILD)/ready
	@echo '$(found)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/obj/core/%.o: core/%.c | $(BUILD)/ready
	@mkdir -p $(@D)
	$(call say,cc)$(COMPILE) -c -o $@ $<

$(BUILD)/obj/sidecar/%.o: sidecar/%.c $(BUILD)/features | $(BUILD)/ready
	@mkdir -p $(@D)
	$(call say,cc)$(COMPILE) $(SIDECAR_INC) $(PKG_CFLAGS) -c -o $@ $<

$(BUILD)/obj/tests/%.o: tests/%.c $(BUILD)/features | $(BUILD)/ready
	@mkdir -p $(@D)
	$(call say,cc)$(COMPILE) $(SIDECAR_INC) -Itests $(PKG_CFLAGS) -c -o $@ $<

objects: $(call obj,$(CORE_SRC) $(SIDECAR_SRC))

archive = @mkdir -p $(@D) && rm -f $@ && ar rcs $@ $^

# PARTIAL=1 puts what compiles into the archives: one broken part does not stop the tests of another.
ifdef PARTIAL
what_compiles = @mkdir -p $(@D) && rm -f $@; $(MAKE) -k PARTIAL= $(1) >$@.log 2>&1 || \
    grep -E 'error:|Error' $@.log; ar rcs $@ $$(ls -d $(1) 2>/dev/null)
$(BUILD)/libcore.a: again
	$(call what_compiles,$(call obj,$(CORE_SRC)))
$(BUILD)/libsidecar.a: again
	$(call what_compiles,$(call obj,$(SIDECAR_SRC)))
else
$(BUILD)/libcore.a: $(call obj,$(CORE_SRC))
	$(archive)
$(BUILD)/libsidecar.a: $(call obj,$(SIDECAR_SRC))
	$(archive)
endif
$(BUILD)/libtests.a: $(call obj,$(SHARED_SRC))
	$(archive)

$(PROGRAM): $(BUILD)/obj/sidecar/main.o $(ARCHIVES)
	$(call say,ld)$(LINK) -o $@ $^ $(PKG_LIBS)

TEST_DEPS = $(BUILD)/libtests.a $(ARCHIVES)
$(TESTS) $(call bin,$(TOOL_SRC)) $(BENCHES): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(TEST_DEPS)
	@mkdir -p $(@D)
	$(call say,ld)$(LINK) -o $@ $^ $(PKG_LIBS) -lcmocka -lpthread $(PEER_LIBS)
$(BUILD)/tests/bench_match: PEER_LIBS = -lpcre2-8

# What stands between a program and the system: preloaded, so without a sanitizer of its own.
$(BUILD)/tests/preload_%.so: tests/preload_%.c $(wildcard tests/preload_*.h) | $(BUILD)/ready
	@mkdir -p $(@D)
	$(call say,ld)$(CC) $(STD) $(CFLAGS) $(filter-out -Wmissing-prototypes,$(WARN)) -shared -o $@ $<

tests: $(TESTS) $(TOOLS)
tools: $(TOOLS)
benches: $(BENCHES)

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d)

# ---- the nginx module: nginx's own build, out of its tree ----

NGX_BUILD = $(BUILD)/nginx
NGX_CC_OPT = $(CFLAGS) $(STD) -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(SAN)
NGX_LD_OPT = $(LDFLAGS) $(SAN)

# A release has nginx's script at its root, its repository has it in auto/.
configure = $$(test -x configure && echo ./configure || echo auto/configure)

# Changes only when the list of files does, so that a new file configures anew.
$(NGX_BUILD)/list: again
	@mkdir -p $(@D)
	@echo '$(NGX_SRC) $(CC) $(NGX_CC_OPT) $(NGX_LD_OPT) $(sort $(NGX_OURS))' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(NGX_BUILD)/configured: config $(NGX_BUILD)/list | $(BUILD)/ready
	@rm -rf $(NGX_BUILD)/src && mkdir -p $(NGX_BUILD)/src
	@cp -as $(abspath $(NGX_SRC))/. $(NGX_BUILD)/src/
	@rm -rf $(NGX_BUILD)/src/objs $(NGX_BUILD)/src/Makefile
	$(call say,configure)cd $(NGX_BUILD)/src && bash -c 'set -e; NGX_CONF_FLAGS=(--with-compat); \
	    test ! -f conf_flags || . ./conf_flags; \
	    $(configure) "$${NGX_CONF_FLAGS[@]}" --with-cc="$(CC)" --with-cc-opt="$(NGX_CC_OPT)" \
	    --with-ld-opt="$(NGX_LD_OPT)" --add-dynamic-module="$(CURDIR)"' \
	    >../configure.log 2>&1 || { tail -n 20 ../configure.log; exit 1; }
	@touch $@

# nginx's Makefile has flags of its own, the sanitizers' among them: CFLAGS of a command line, which
# reaches every make below, would displace them.
nginx_make = $(MAKE) -s -C $(1) -f objs/Makefile \
    CFLAGS="$$(sed -n 's/^CFLAGS = *//p' $(1)/objs/Makefile)"

# nginx's Makefile knows our sources but not which header they include. A running nginx keeps
# the file that it has mapped: the new one is renamed over it.
$(MODULE): $(NGX_BUILD)/configured $(NGX_OURS)
	$(if $(filter %.h,$?),@rm -rf $(NGX_BUILD)/src/objs/addon/*/*.o)
	+$(call say,nginx)$(call nginx_make,$(NGX_BUILD)/src) modules
	@cp $(NGX_BUILD)/src/objs/$(@F) $@.new && mv $@.new $@

# ---- nginx itself out of NGX_SRC (its full source): plain, and with the module statically in it ----

NGINX_WITH = --with-compat --with-debug --with-threads $(patsubst %,--with-http_%_module,ssl v2 realip \
    addition auth_request dav gunzip gzip_static secure_link slice stub_status sub)
PLAIN_NGINX = $(BUILD)/server-plain/nginx
STATIC_NGINX = $(BUILD)/server-static/nginx

$(BUILD)/server-%/list: again
	@mkdir -p $(@D)
	@echo '$(NGX_SRC) $(CC) $(NGX_CC_OPT) $(NGX_LD_OPT) $(NGINX_WITH) $(sort $(NGX_OURS))' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# What nginx's own script tries out need not be free of leaks. nginx's own sources have AddressSanitizer
# alone: what they do with null pointers of no length would end it at its start.
$(BUILD)/server-%/configured: config $(BUILD)/server-%/list | $(BUILD)/ready
	@rm -rf $(@D)/src && mkdir -p $(@D)/src
	@cp -as $(abspath $(NGX_SRC))/. $(@D)/src/
	@rm -rf $(@D)/src/objs $(@D)/src/Makefile
	$(call say,configure)cd $(@D)/src && ASAN_OPTIONS=detect_leaks=0 $(configure) $(NGINX_WITH) --with-cc="$(CC)" \
	    --with-cc-opt="$(NGX_CC_OPT)" --with-ld-opt="$(NGX_LD_OPT)" \
	    $(if $(filter static,$*),--add-module="$(CURDIR)") \
	    >../configure.log 2>&1 || { tail -n 20 ../configure.log; exit 1; }
	$(if $(SAN),@sed -i 's|^\t\t-o objs/src/|\t\t-fno-sanitize=undefined -o objs/src/|' $(@D)/src/objs/Makefile)
	@touch $@

$(BUILD)/server-%/nginx: $(BUILD)/server-%/configured $(NGX_OURS)
	$(if $(filter %.h,$?),@rm -rf $(@D)/src/objs/addon/*/*.o)
	+$(call say,nginx)$(call nginx_make,$(@D)/src) binary
	@cp $(@D)/src/objs/nginx $@.new && mv $@.new $@

servers: $(PLAIN_NGINX) $(STATIC_NGINX)

# ---- set-up, tests, checks ----

setup:
	@sh tests/setup.sh build

test:
	@sh tests/setup.sh build test
	@$(again_make) all tests
	@perl tests/run.pl --build $(BUILD)

fault:
	@sh tests/setup.sh build test fault
	@$(again_make) all tests
	@$(again_make) BUILD=$(BUILD)/valgrind CFLAGS='-O1 -g -DSENDA_JOURNAL_MAP=1073741824ull' \
	    $(BUILD)/valgrind/$(notdir $(MODULE))
	@perl tests/run.pl --build $(BUILD) --fault $(addprefix --only ,$(ONLY))

check:
	@sh tests/setup.sh build test check
	@BUILD=$(BUILD) sh tests/check.sh

format:
	find core sidecar ngx_module tests -name '*.[ch]' | xargs clang-format -i

# First the module alone carries the sanitizers into Debian's nginx, whose wrapper preloads their
# run time; then nginx is built with them as well, out of Debian's source with the module in it
# (NGINX_SOURCE: another), and goes through the tests of the whole and a minute of mixed load.
NGINX_SOURCE ?= $(BUILD)/nginx-source
asan_make = $(again_make) BUILD=$(BUILD)/asan SANITIZE=address,undefined CFLAGS='-O1 -g'
asan:
	@sh tests/setup.sh build test asan
	@$(asan_make) all tests
	@test "$(origin NGINX_SOURCE)" != file || sh tests/nginx_source.sh $(NGINX_SOURCE)
	@$(asan_make) NGX_SRC=$(NGINX_SOURCE) $(BUILD)/asan/server-static/nginx
	@perl tests/run.pl --build $(BUILD)/asan --sanitize
	@SENDA_NGINX=$(abspath $(BUILD))/asan/server-static/nginx SENDA_MODULE=none SENDA_SECONDS=60 \
	    perl tests/run.pl --build $(BUILD)/asan --sanitize --whole

fuzz:
	@sh tests/setup.sh build fuzz
	@$(again_make) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g' \
	    SANITIZE=address,undefined,fuzzer-no-link fuzzers
	@sh tests/fuzz.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZ_JOBS) $(ONLY)

FUZZERS = $(call bin,$(FUZZ_SRC))
fuzzers: $(FUZZERS)
$(FUZZERS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,ld)$(LINK) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)

# Mutants of the engine are compiled without optimizing and without warnings: they are run once.
mutate:
	@sh tests/setup.sh build test
	@$(again_make) all tests
	@MUTATE_CC='$(CC) $(STD) -O0 -w $(SIDECAR_INC) -Icore $(PKG_CFLAGS)' MUTATE_LIBS='$(PKG_LIBS)' \
	    perl tests/mutate.pl --build $(BUILD)

bench: bench-nginx
	@$(again_make) benches
	@perl tests/bench_parts.pl --build $(BUILD)

# ROUNDS, SECONDS a measurement, VISITORS in live/; BENCH='--markdown' for docs/performance.md.
bench-nginx:
	@sh tests/setup.sh build bench
	@$(again_make) all tools
	@perl tests/bench_nginx.pl --build $(BUILD) $(addprefix --rounds ,$(ROUNDS)) \
	    $(addprefix --seconds ,$(SECONDS)) $(addprefix --visitors ,$(VISITORS)) $(BENCH)

demo:
	@sh tests/setup.sh build demo
	@$(again_make) -s all
	@perl conf/demo/demo.pl --build $(BUILD)

SHARE = $(DESTDIR)$(PREFIX)/share
install: all
	install -D -m 644 $(MODULE) $(DESTDIR)$(MODULESDIR)/$(notdir $(MODULE))
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/senda
	install -D -m 644 -t $(SHARE)/senda/nginx conf/nginx/senda.conf
	install -D -m 644 -t $(SHARE)/senda conf/senda.conf
	install -D -m 644 -t $(SHARE)/senda/messages conf/messages/*
	install -D -m 644 -t $(SHARE)/senda/pages conf/pages/*
	install -D -m 644 -t $(SHARE)/doc/senda README.md CHANGELOG.md LICENSE
	cd conf/editors && find . -type f -exec install -D -m 644 '{}' '$(SHARE)/senda/editors/{}' \;
	cd docs && find . -type f -exec install -D -m 644 '{}' '$(SHARE)/doc/senda/{}' \;

nginx-tests:
	@sh tests/setup.sh build test nginx-tests
	@$(again_make) all tools
	@perl tests/nginx_tests.pl --build $(BUILD) --tests "$(NGINX_TESTS)" \
	    $(addprefix --jobs ,$(JOBS)) $(addprefix --only ,$(ONLY))

clean:
	rm -rf $(BUILD)
