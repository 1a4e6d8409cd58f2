#!/usr/bin/perl
# Edits in place and writes a tree, in Perl.
use strict;
use warnings;

@ARGV = ('/etc/login.defs');
$^I   = '.bak';
while (<>) {
    s/^(LOGIN_RETRIES\s+)\d+/${1}3/;
    print;
}
mkdir '/etc/vhosts', 0755 or die "mkdir: $!";
for my $host (sort qw(b a c)) {
    open my $out, '>', "/etc/vhosts/$host.conf" or die "open: $!";
    print {$out} "server_name $host.example.org;\n";
    close $out;
}
rename '/etc/issue.net', '/etc/issue.network' or die "rename: $!";
