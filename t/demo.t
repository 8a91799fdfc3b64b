# The demo ends by itself without a terminal, with status 0, and shows the e-mail.

use strict;
use warnings;
use Test::More;
use Time::HiRes qw(time);

my $build = $ENV{SENDA_BUILD} // 'build';
my $start = time;
my $out = qx{$^X conf/demo/demo.pl --build $build </dev/null 2>&1};
my $status = $? >> 8;
my $took = time - $start;

is($status, 0, 'ends with status 0') or diag $out;
cmp_ok($took, '<', 60, 'within 60 seconds');
unlike($out, qr/NOT OK/, 'nothing came otherwise than it should');
like($out, qr/^\s*To: .*luis\@example\.com/m, 'the e-mail is shown, to the one who left');
unlike($out, qr/^\s*To: .*ana\@example\.com/m, 'and none to the one who bought');
like($out, qr/^\s*Subject: \S/m, 'with its subject');
like($out, qr/^\s*List-Unsubscribe: <http:.*<mailto:/m, 'and the ways to leave');
like($out, qr/^\s*ok .*says that it is kept/m, 'one of which was tried');

# Everything it made is gone: the folder, the counts in shared memory, the processes.
my ($folder) = $out =~ m{(/\S*senda-demo\.\w+)};
ok($folder, 'it worked in a folder of its own');
my ($name) = ($folder // '') =~ m{([^/]+)$};
ok($folder && !-e $folder, 'which is gone');
ok($name && !-e "/dev/shm/$name", 'and so are the counts in shared memory');
my @left = grep { index(slurp($_), $name // '-') >= 0 } glob '/proc/[0-9]*/cmdline';
is_deeply(\@left, [], 'no process is left behind');

done_testing();

sub slurp {
    my ($file) = @_;
    open my $fh, '<', $file or return '';
    local $/;
    return scalar(<$fh>) // '';
}
