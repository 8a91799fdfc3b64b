# F9: proxy_cache and X-Senda-Contact. The cache is told to keep whatever it gets, whoever it is for;
# four shoppers after one another ask for one address, and the application names every other.
# Nobody ever gets another's identity, and nothing of anybody lies in the cache.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;

my $shoppers = full(100, 1000);
my $t = Senda::Test->new;
my $app = $t->free_port;
$t->publish("site shop.test\npage home\nmatch GET /*\n");
$t->start(
    http => <<'END',
    proxy_cache_path cache levels=1:2 keys_zone=c:1m inactive=10m;
    map $arg_n $who { default ""; ~*[13579]$ "email=user$arg_n%40example.com&name=User"; }
END
    server => <<"END",
    senda_trust_upstream on;
    location / {
        proxy_cache c;
        proxy_cache_key \$uri;
        proxy_cache_valid any 10m;
        proxy_cache_lock on;
        proxy_cache_use_stale updating error timeout;
        proxy_cache_background_update on;
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
        add_header X-Cache \$upstream_cache_status;
        add_header X-Visitor \$senda_visitor;
        proxy_pass http://127.0.0.1:$app;
    }
END
    servers => <<"END",
    server {
        listen 127.0.0.1:$app;
        location / {
            add_header X-Senda-Contact \$who always;
            add_header Cache-Control "public, max-age=600";
            return 200 "<p>page \$arg_n</p>";
        }
        location /private/ {
            add_header X-Senda-Contact \$who always;
            return 200 "<p>page \$arg_n</p>";
        }
    }
END
);

# Every shopper has come before: the cookie returns.
my (@jars, %visitors);
for my $i (1 .. $shoppers) {
    my $jar = {};
    $t->get('/private/first?n=' . 2 * $i, jar => $jar); # "public" would defer the cookie
    $jars[$i] = $jar;
}
is(scalar(grep { $_ && $_->{senda} } @jars), $shoppers, "$shoppers shoppers have a cookie");

my ($foreign, $hits, @wrong) = (0, 0);
for my $path ('/', '/private/') {
    for my $i (1 .. $shoppers) {
        my $r = $t->get($path . int(($i - 1) / 4) . "?n=$i", jar => $jars[$i]);
        my $visitor = $r->header('X-Visitor') // '';
        my $hit = $r->header('X-Cache') eq 'HIT';
        $hits += $hit;
        $visitors{$i} //= $visitor;
        my ($page) = $r->body =~ /page (\d+)/;
        my $why = $r->status != 200 ? "status $r->{status}"
            : $visitor eq '' || $visitor ne $visitors{$i} ? "visitor $visitor"
            : $i % 2 && !$hit && $page != $i ? "page $page"
            : $page != $i && $page % 2 ? "page $page, which names its shopper"
            : grep(/^x-senda/i, @{ $r->{lines} }) ? 'a header of ours'
            : next;
        push @wrong, "$path shopper $i: $why";
    }
}
is(join("\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]), '', 'each got what is nobody\'s or its own');
my %distinct = map { $_ => 1 } values %visitors;
is(scalar(keys %distinct), $shoppers, 'each is its own visitor');
cmp_ok($hits, '>=', $shoppers / 2, "$hits answers came out of the cache");

# Who is taken for whom: a contact stands beside its own visitor alone.
$t->wait_drained;
my $named = 0;
for my $visit (grep { $_->{contact} } $t->journal) {
    my ($n) = $visit->{contact} =~ /^email=user(\d+)%40/;
    $named++;
    $foreign++ if !$n || $n % 2 == 0 || $visit->{visitor} ne $visitors{$n};
}
is($foreign, 0, 'nobody is taken for another');
cmp_ok($named, '>=', $shoppers / 4, "$named contacts were said");
my @files = split /\n/, $t->run('find', $t->dir . '/cache', '-type', 'f');
my $kept = join '', map { Senda::Test::slurp($_) } @files;
cmp_ok(scalar(@files), '>=', 1, 'there is a cache');
unlike($kept, qr/user\d+(?:%40|\@)|X-Senda|senda=/i, 'nothing of anybody lies in the cache');
figure('F9', $foreign + @wrong . " got another's identity in " . 2 * $shoppers
    . " requests of $shoppers shoppers ($hits out of the cache); nothing of anybody in the cache");
$t->done;
