# F7: reloads under load, while connections of old workers live on; other worker counts, another
# size of live/, and a new binary taken over in flight. Counts are exact, old workers leave.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;

my ($reloads, $upgrades) = (full(6, 100), full(1, 5));

# A download that goes on for as long as the client wants it.
sub conf {
    my ($workers, $megabytes) = @_;
    return (
        http => 'keepalive_requests 10000;',
        server => 'location / { return 200 "<p>here</p>"; }
            location /slow/ { root html; limit_rate 1k; }',
        workers => $workers,
        main => 'env LD_PRELOAD; env ASAN_OPTIONS; env UBSAN_OPTIONS;', # for the new binary
        store => "senda_store store live=run/live size=${megabytes}m new_visitors=0;\n    senda_key store/nginx.key;",
    );
}

sub slow_client {
    my ($t) = @_;
    my $s = $t->connect;
    $s->syswrite("GET /slow/film.bin HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: $Senda::Test::AGENT\r\n\r\n");
    $s->sysread(my $head, 4096);
    return $s;
}

# As a service, not as a child of this test: a master changes its binary only then.
sub start {
    my ($t, @conf) = @_;
    my $dir = $t->dir;
    $t->write_conf(@conf);
    Senda::Test::spew("$dir/nginx.conf", Senda::Test::slurp("$dir/nginx.conf") =~ s/daemon off;//r);
    $t->run($t->nginx_command);
    $t->wait_for(sub { -s "$dir/nginx.pid" and $t->{pid} = Senda::Test::slurp("$dir/nginx.pid") + 0
        and $t->workers }, 'nginx runs');
    $t->{seen}{ $t->{pid} } = 1;
}

# The new master, once it runs its own workers and the old one is gone.
sub upgrade {
    my ($t) = @_;
    my ($dir, $old) = ($t->dir, $t->{pid});
    my @old_workers = $t->workers;
    $t->remember;
    kill USR2 => $old;
    $t->wait_for(sub { -e "$dir/nginx.pid.oldbin" && -s "$dir/nginx.pid" }, 'a new master');
    my $new = Senda::Test::slurp("$dir/nginx.pid") + 0;
    $t->{pid} = $new;
    $t->wait_for(sub { $t->workers }, 'its workers');
    $t->remember;
    $t->{seen}{$new} = 1;
    kill WINCH => $old;
    $t->wait_for(sub { !grep { Senda::Test::title($_) =~ /worker process$/ } @old_workers },
        'the old workers are told to leave');
    kill QUIT => $old;
    return $old;
}

my $t = Senda::Test->new;
$t->publish($Senda::Load::rules);
$t->page('slow/film.bin', 'x' x 1_000_000);
start($t, conf(2, 16));
my $load = Senda::Load->new($t, requests => ($reloads + 4 * $upgrades) * 500, rate => 1000);

my (@slow, %slow_workers);
my $done = 0;
for my $i (1 .. $reloads) {
    $load->runs or last;
    push @slow, slow_client($t) if $i % 5 == 1;
    $t->reload(conf(1 + $i % 4, $i % 10 < 5 ? 16 : 24));
    $done++;
}
is($done, $reloads, "$reloads reloads under load");
my $old = () = $t->named('shutting');
cmp_ok($old, '>=', 1, "$old old workers still serve their connections");

my $upgraded = 0;
for (1 .. $upgrades) {
    $load->runs or last;
    push @slow, slow_client($t);
    my $master = upgrade($t);
    close $_ for splice @slow;
    $t->wait_for(sub { !Senda::Test::alive($master) }, 'the old master leaves', 20);
    $upgraded++;
}
is($upgraded, $upgrades, "$upgrades binary upgrades under load");

$t->wait_for(sub { !$t->named('shutting') }, 'old workers leave', 20);
pass('old workers leave');
my $r = $load->compare;
is($r->{missing}, 0, 'no visit is missing');
cmp_ok($r->{broken}, '<', $r->{answered} / 200, "next to nothing is broken: $r->{broken}");
$load->check($r);
my %sum;
for my $v (values %{ $t->counts }) { $sum{$_} += $v->{$_} for keys %$v; }
is($sum{any}, $r->{answered}, 'any counted page: the sum of all');
is(scalar(grep { $_->{flags} & 2 } $t->journal), $r->{answered}, 'the journal holds each visit once');
cmp_ok(scalar(() = glob $t->live . '/ring.*'), '<', 100, 'rings of those who left are used again');
figure('F7', "$done reloads and $upgraded binary upgrades under load, $r->{answered} answered, "
    . "$r->{broken} broken: $r->{missing} missing, $r->{extra} twice, no old worker left");
$t->done;
