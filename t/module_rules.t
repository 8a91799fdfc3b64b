# Rules reach nginx through the store: new ones within a second and without a reload; before the
# first ones, and with a store that is missing or cannot be read, pages are served all the same.

use strict;
use warnings;
use lib 't/lib';
use Senda::Test;
use Test::More;
use Time::HiRes qw(time);

my $t = Senda::Test->new;
$t->start(
    workers => 2,
    server => 'location / { return 200 "$senda_visits_home $senda_visits_cart [$senda_tags]"; }',
);

subtest 'before any rules' => sub {
    my $r = $t->get('/');
    is($r->status, 200, 'pages are served');
    is($r->header('Set-Cookie'), undef, 'nothing is set');
    is($r->body, '0 0 []', 'nothing is known');
};

subtest 'the first rules' => sub {
    is($t->publish("site shop.test\npage home\nmatch GET /\n"), 1, 'generation 1');
    my $start = time;
    $t->wait_for(sub { defined $t->get('/')->header('Set-Cookie') }, 'the first rules work');
    cmp_ok(time - $start, '<', 1.5, 'within a second');
};

subtest 'new rules' => sub {
    my $jar = {};
    $t->get('/', jar => $jar) for 1 .. 2;
    $t->wait_drained;
    is($t->get('/cart', jar => $jar)->body, '2 0 []', 'no page of that name');
    $t->publish("site shop.test\npage home\nmatch GET /\npage cart\nmatch GET /cart\ntag buyer cart 1\n");
    my $start = time;
    $t->wait_for(sub { $t->get('/cart', jar => $jar)->body =~ /buyer/ }, 'the new rules work');
    cmp_ok(time - $start, '<', 1.5, 'within a second, without a reload');
    $t->wait_drained;
    my %generation = map { $_->{generation} => 1 } $t->journal;
    is_deeply([sort keys %generation], [1, 2], 'each visit says by which rules it was told');
    is((grep { $_->{keys} =~ /cart/ } $t->journal)[0]{generation}, 2, 'the new page by the new ones');
};

subtest 'a hundred generations under load' => sub {
    my $jar = {};
    my $bad = 0;
    for my $i (1 .. 30) {
        $t->publish("site shop.test\npage home\nmatch GET /\npage cart\nmatch GET /cart$i\n");
        $bad++ if grep { $t->get('/', jar => $jar)->status != 200 } 1 .. 5;
    }
    is($bad, 0, 'every page was served');
    $t->wait_drained;
    my ($visitor) = grep { $t->counts->{$_}{home} == 150 } keys %{ $t->counts };
    ok($visitor, 'every visit was counted');
};

subtest 'a store that goes away and comes back' => sub {
    rename $t->store . '/published', $t->store . '/gone' or die $!;
    my $jar = {};
    $t->get('/', jar => $jar) for 1 .. 3;
    is($t->get('/', jar => $jar)->status, 200, 'served, by the last good rules');
    $t->wait_drained;
    rename $t->store . '/gone', $t->store . '/published' or die $!;
    $t->publish("site shop.test\npage home\nmatch GET /\npage cart\nmatch GET /again\n");
    $t->wait_for(sub { $t->get('/again', jar => $jar)->body =~ /^\d+ [1-9]/ }, 'it is found again');
    pass('new rules after that');
};

subtest 'a blob that is damaged' => sub {
    my $jar = {};
    $t->get('/', jar => $jar) for 1 .. 2;
    $t->run($t->tool('tool_rules'), 'damage', $t->store);
    $t->share_published;
    $t->wait_for(sub { $t->get('/', jar => $jar); $t->error_log =~ /senda: published rules: / },
        'it is said');
    is($t->get('/', jar => $jar)->status, 200, 'the last good rules stay');
    $t->get('/', jar => $jar) for 1 .. 50;
    cmp_ok(scalar(() = $t->error_log =~ /senda: published rules: /g), '<=', 3,
        'each process says it once') or diag $t->error_log;
};

$t->done;
