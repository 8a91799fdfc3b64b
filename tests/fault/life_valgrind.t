# No leak that grows with requests: nginx in one process under Valgrind, ended after some thousand
# requests and after twice as many, has lost the same. The module is one of its own (make fault
# builds it): under Valgrind there is not room for the journal's map.

use strict;
use warnings;
use lib 't/lib';
use Senda::Load;
use Senda::Test;
use Test::More;

plan skip_all => 'only in make fault' unless $ENV{SENDA_FULL};
my ($valgrind) = grep { -x } map { "$_/valgrind" } split /:/, $ENV{PATH};
plan skip_all => 'valgrind is not installed' unless $valgrind;
my $module = "$ENV{SENDA_BUILD}/valgrind/ngx_http_senda_module.so";
plan skip_all => 'make fault builds its module' unless -e $module;

# Bytes lost (or not given back) at the end, and errors.
sub run_with {
    my ($requests) = @_;
    my $t = Senda::Test->new(module => $module);
    my $app = $t->free_port;
    my $log = $t->dir . '/valgrind.log';
    $t->publish($Senda::Load::rules . "page form\nmatch POST /form\npage buy purchase\nmatch GET /buy*\n");
    $t->write_conf(
        main => 'master_process off;',
        http => 'keepalive_requests 100000;',
        server => "location / { add_header X-Seen \"\$senda_visits_one \$senda_tags \$senda_visitor\";
            return 200 '<p>here</p>'; }
            location /form { proxy_pass http://127.0.0.1:$app; senda_trust_upstream on; }
            location /buy { proxy_pass http://127.0.0.1:$app; senda_trust_upstream on; }",
        servers => "server { listen 127.0.0.1:$app;
            add_header X-Senda-Contact 'email=ana\%40example.com';
            add_header X-Senda-Event 'purchase; order=\$request_id; total=9.90; currency=EUR';
            location / { return 200 '<p>bought</p>'; } }",
    );
    $t->{command} = [$valgrind, '--leak-check=full', '--show-leak-kinds=definite,indirect',
        "--log-file=$log", $t->nginx_command];
    $t->start;
    my $load = Senda::Load->new($t, visitors => 50, requests => $requests - 200, connections => 8);
    my $r = $load->compare(60);
    is($r->{missing} + $r->{extra}, 0, "$requests requests, counted exactly");
    my $jar = {};
    for my $i (1 .. $requests / 20) {
        $t->get('/buy?x=' . $i % 5, jar => $jar);
        $t->get('/form', jar => $jar, body => 'email=ana%40example.com&name=Ana');
    }
    $t->wait_drained(60);
    $t->stop('QUIT');
    my $said = Senda::Test::slurp($log);
    my ($errors) = $said =~ /ERROR SUMMARY: (\d+) errors/;
    my %lost = map { s/,//gr } $said =~ /(definitely lost|indirectly lost|possibly lost|still reachable): ([\d,]+) bytes/g;
    $said =~ s/^==\d+== ?//mg;
    diag(substr $said, 0, 3000) if $errors && $errors > 20 || !%lost;
    $t->finish;
    return ($errors, \%lost);
}

my ($errors, $first) = run_with(2_000);
my ($more_errors, $second) = run_with(4_000);
for my $kind (sort keys %$first) {
    cmp_ok($second->{$kind}, '<=', $first->{$kind} + 4096, "$kind: $first->{$kind}, then $second->{$kind} bytes");
}
cmp_ok($more_errors, '<=', $errors, "no error that comes with requests: $errors, then $more_errors");
figure('life', 'Valgrind, 2,000 and 4,000 requests: ' . join ', ',
    map { "$_ $first->{$_} and $second->{$_}" } sort keys %$first);
done_testing();
