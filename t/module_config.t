# The directives: exact words of nginx -t, and that it writes nothing.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $t = Senda::Test->new;
my $key = 'senda_key store/nginx.key;';
my $store = 'senda_store store live=run/live;';
my $conf = 'in DIR/nginx.conf';

# The first line of nginx -t that matters.
sub says {
    my (%o) = @_;
    my ($out, $status) = $t->test_conf(%o);
    my ($line) = grep { /\[(?:emerg|warn)\]/ } split /\n/, $out;
    $line //= $status ? $out : 'ok';
    $line =~ s/^nginx: \[/[/;
    $line =~ s/:\d+$/:N/;
    return $line;
}

sub refused {
    my ($name, $message, %o) = @_;
    is(says(%o), "[emerg] $message $conf:N", $name);
}

my @files = sort split /\n/, $t->run('find', $t->dir, '-newermt', '@0');
is(says(), 'ok', 'a good configuration');
is_deeply([grep { !m{/(?:nginx\.(?:conf|pid)|t\.log)$} && !m{/temp/} }
        sort split /\n/, $t->run('find', $t->dir)], [@files], 'nginx -t writes nothing');
ok(!-e $t->default_live, '… nor in shared memory');
is(says(store => "senda_store store;\n$key"), 'ok', 'live= is optional');
ok(!-e $t->default_live, 'nothing in shared memory then either');

refused('a store that is missing',
    'cannot use store "DIR/none", make it with "senda init DIR/none" (2: No such file or directory)',
    store => "senda_store none; $key");
refused('a folder that is no store', '"DIR/html" is no store, make one with "senda init DIR/html"',
    store => "senda_store html; $key");
refused('a store twice', '"senda_store" directive is duplicate', store => "$store $store $key");
refused('a size that is none', 'invalid parameter "size=lots"',
    store => "senda_store store size=lots; $key");
refused('a size that is too small', 'live store is too small: "size=1k"',
    store => "senda_store store size=1k; $key");
refused('a place for counts that is the store itself',
    '"live=DIR/store/journal" is a folder of the store itself, it needs one of its own',
    store => "senda_store store live=store/journal; $key");
for my $bad ('journal=never', 'visitors=-1', 'new_visitors=many', 'snapshot=x', 'rings=never', 'journal=1d journal=2d') {
    my ($said) = $bad =~ /(\S+)$/;
    refused("parameter $bad", "invalid parameter \"$said\"", store => "senda_store store $bad; $key");
}
is(says(store => "senda_store store size=1g journal=30d visitors=0 new_visitors=0 snapshot=0 rings=1h;\n$key"), 'ok',
    'all parameters');
refused('an unknown parameter', 'invalid parameter "life=x"',
    store => "senda_store store life=x; $key");
refused('no store path', 'invalid number of arguments in "senda_store" directive',
    store => "senda_store; $key");

refused('a key that is missing',
    'cannot read key "DIR/no.key", make it with "senda keygen" (2: No such file or directory)',
    store => "$store senda_key no.key;");
chmod 0640, $t->store . '/nginx.key';
refused('a key that others can read', 'key "DIR/store/nginx.key" may be read by others than its '
        . 'owner, say "chmod 600 DIR/store/nginx.key"', store => "$store $key");
chmod 0600, $t->store . '/nginx.key';
refused('the other key', 'key "DIR/store/sidecar.key" is not nginx\'s: it has no cookie or '
        . 'seal-public line', store => "$store senda_key store/sidecar.key;");
Senda::Test::spew($t->dir . '/bad.key', "cookie 1 xyz\n");
chmod 0600, $t->dir . '/bad.key';
like(says(store => "$store senda_key bad.key;"), qr{^\[emerg\] DIR/bad\.key:1: .+ $conf:N$},
    'a key file with a mistake: file, line, cause');
refused('no key', '"senda" is on, but no "senda_key" is defined, make one with "senda keygen"',
    store => $store);
refused('no store', '"senda" is on, but no "senda_store" is defined', store => $key);
is(says(store => '', senda => ''), 'ok', 'the module alone, with nothing said');

refused('senda maybe', 'invalid value "maybe"', senda => 'senda maybe;');
refused('senda twice', '"senda" directive is duplicate', senda => 'senda on; senda off;');
refused('consent of a word', 'invalid value "sometimes" in "senda_consent" directive, it must be a '
        . 'variable or "always"', senda => 'senda on; senda_consent sometimes;');
is(says(senda => 'senda on; senda_consent $none;') =~ s/ in DIR.*//r,
    '[emerg] unknown "none" variable', 'consent of an unknown variable');
refused('a cookie with a bad name', 'invalid cookie name "a;b"',
    senda => 'senda on; senda_consent always; senda_cookie "a;b";');
refused('a cookie with a bad age', 'invalid parameter "max-age=soon"',
    senda => 'senda on; senda_consent always; senda_cookie c max-age=soon;');
refused('a cookie with a bad domain', 'invalid parameter "domain=a b"',
    senda => 'senda on; senda_consent always; senda_cookie c "domain=a b";');
refused('a site twice', '"senda_site" directive is duplicate', senda => 'senda_site a; senda_site b;');
refused('a site in a location', '"senda_site" directive is not allowed here',
    server => 'location /x { senda_site a; }');
refused('trust of a word', 'invalid value "maybe" in "senda_trust_upstream" directive, it must be '
        . '"on" or "off"', senda => 'senda_trust_upstream maybe;');

my ($out, $status) = $t->test_conf(senda => 'senda on;', server => 'location /a { } location /b { }',
    servers => 'server { listen 127.0.0.1:1; senda dry_run; }');
is($status, 0, 'without senda_consent: no mistake …');
is(scalar(() = $out =~ /"senda" is on without "senda_consent": no cookie is set, no visitor is recorded/g),
    1, '… but a warning, once');

is(says(senda => 'senda dry_run; senda_consent $cookie_ok; senda_site a; senda_trust_upstream on; '
        . 'senda_cookie v domain=.shop.test max-age=30d;',
        server => 'location /a { if ($arg_x) { senda off; } senda_consent always; }',
        store => "senda_store DIR/store size=8m live=DIR/run/l; $key" =~ s/DIR/$t->dir/ger),
    'ok', 'everything at once');

is_deeply([grep { !m{/(?:nginx\.(?:conf|pid)|t\.log|bad\.key)$} && !m{/temp/} }
        sort split /\n/, $t->run('find', $t->dir)], [@files], 'after all this nothing was written');

# A live directory of somebody else is refused, and pages are served.
SKIP: {
    skip 'only root can give a folder away', 2 unless $> == 0;
    mkdir $t->live;
    $t->publish("site shop.test\npage home\nmatch GET /\n");
    $t->start(server => 'location / { return 200 "<p>x</p>"; }');
    is($t->get('/')->status, 200, 'served');
    like($t->error_log, qr/senda: nothing is recorded: "\S+" belongs to user 0, not to nginx's user \d+/,
        'and said why nothing is recorded');
    $t->stop;
}

$t->done;
