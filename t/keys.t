# `senda keygen --rotate`: new keys beside the old ones, taken in by a reload; what was signed and
# sealed before is still known.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;

my $t = Senda::Test->new;
my $app = $t->free_port;
my $senda = ($ENV{SENDA_BUILD} // 'build') . '/senda';
plan(skip_all => "no $senda") unless -x $senda;

$t->publish("site shop.test\npage home\nmatch GET /*\n");
$t->start(
    senda => "senda on;\n    senda_site shop.test;\n    senda_consent always;\n    senda_trust_upstream on;",
    http => 'map $arg_who $who { default "email=$arg_who%40example.com"; "" ""; }',
    server => "location / { proxy_pass http://127.0.0.1:$app; }",
    servers => <<"END",
    server { listen 127.0.0.1:$app; location / { add_header X-Senda-Contact \$who; return 200 "<p>x</p>"; } }
END
);

sub keys_of { return Senda::Test::slurp($t->store . "/$_[0].key") }
sub lines { my ($kind, $text) = @_; return $text =~ /^($kind .*)$/mg }
my $today = do { my @d = gmtime; sprintf '%04d-%02d-%02d', $d[5] + 1900, $d[4] + 1, $d[3] };

# The old workers take no requests any more.
sub reload {
    my %old = map { $_ => 1 } $t->workers;
    $t->reload;
    $t->wait_for(sub { !grep { $old{$_} } $t->workers }, 'the old workers leave');
}

my $jar = {};
$t->get('/?who=ana', jar => $jar);
$t->wait_drained;
my ($visitor) = map { $_->{visitor} } $t->journal;
my ($before, $sidecar) = (keys_of('nginx'), keys_of('sidecar'));
my @owner = (stat $t->store . '/nginx.key')[4, 5];

my ($out, $status) = $t->try_run($senda, 'keygen', '--rotate', $t->store);
is($status, 0, 'rotated') or diag($out);
like($out, qr/kill -HUP.*nginx -s reload/s, 'it says what to do now');
my ($after, $theirs) = (keys_of('nginx'), keys_of('sidecar'));
for my $kind ('cookie', 'links') {
    my @old = lines($kind, $before);
    my @new = lines($kind, $after);
    is($new[0], $old[0], "the old $kind key stays");
    like($new[1], qr/^$kind 2 [0-9a-f]{64} $today$/, '… with another one, of today');
    is(scalar(@new), 2, '… and no more');
}
is(join("\n", lines('links', $after)), join("\n", lines('links', $theirs)), 'both sides have the same links keys');
isnt((lines('seal-public', $after))[0], (lines('seal-public', $before))[0], 'another seal');
my ($secret) = $sidecar =~ /^seal-secret (\w+)/m;
like($theirs, qr/^seal-old $secret $today$/m, 'the old half is kept for what was sealed before');
is(sprintf('%o', (stat $t->store . "/$_.key")[2] & 07777), '600', "$_.key is private") for 'nginx', 'sidecar';
is_deeply([(stat $t->store . '/nginx.key')[4, 5]], \@owner, 'and of the same owner');
is(join(',', glob $t->store . '/*.next'), '', 'nothing is left lying about');

reload();
my $old = $jar->{senda};
my $r = $t->get('/', jar => $jar);
$t->wait_drained;
is(($t->journal)[-1]{visitor}, $visitor, 'a cookie of before is accepted');
$t->get('/?who=ana', jar => $jar);
isnt($jar->{senda}, $old, 'a login makes it anew, with the new key');
$t->get('/?who=ana', jar => $jar);
$t->wait_drained;
is(($t->journal)[-1]{visitor}, $visitor, '… and it is the same person\'s');
$t->get('/?who=eva', jar => { senda => $old });
$t->wait_drained;
isnt(($t->journal)[-1]{visitor}, $visitor, 'a mark made with the old key still tells two persons apart');

# Without the old key nobody can tell any more: the cookie is no cookie.
my $without = $after =~ s/^cookie 1 .*\n//mr;
Senda::Test::spew($t->store . '/nginx.key', $without);
reload();
ok(defined $t->get('/', jar => { senda => $old })->header('Set-Cookie'), 'a key that is gone: a new visitor');

# Files that do not belong together, and a rotation that cannot be.
($out, $status) = $t->try_run($senda, 'keygen', "$t->{dir}/other");
is($status, 0, 'another pair');
Senda::Test::spew($t->store . '/nginx.key', Senda::Test::slurp("$t->{dir}/other/nginx.key"));
($out, $status) = $t->try_run($senda, 'keygen', '--rotate', $t->store);
is($status, 1, 'not of the same pair: refused');
like($out, qr/do not belong together/, '… with the reason');
is(keys_of('sidecar'), $theirs, '… and nothing is changed');
($out, $status) = $t->try_run($senda, 'keygen', '--rotate', "$t->{dir}/other") for 1 .. 7;
is($status, 0, 'seven rotations in a row');
($out, $status) = $t->try_run($senda, 'keygen', '--rotate', "$t->{dir}/other");
is($status, 2, 'an eighth is refused');
like($out, qr/no room for another key/, '… with the reason');
($out, $status) = $t->try_run($senda, 'keygen', '--rotate', "$t->{dir}/none");
is($status, 2, 'no files: refused');

$t->done;
