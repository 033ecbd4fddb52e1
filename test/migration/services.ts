/** Scripts that give a Debian server something to do, as units of systemd. */
const UNIT = `unit() { printf '[Service]\\nExecStart=%s\\n[Install]\\nWantedBy=multi-user.target\\n' "$2" >/etc/systemd/system/$1.service; systemctl daemon-reload; systemctl start $1; }`;

export const SERVICES = {
  /** Tells the numbers from 1, a line each hundredth of a second, to whoever connects to port 9000. */
  talker: `${UNIT}
cat >/root/talker.pl <<'EOF'
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 9000, Listen => 5, ReuseAddr => 1) or die;
$SIG{PIPE} = "IGNORE";
while (my $peer = $server->accept) {
  for (my $n = 1; defined syswrite($peer, "$n\\n"); $n++) { select(undef, undef, undef, 0.01) }
}
EOF
unit talker '/usr/bin/perl /root/talker.pl'`,
  /** Appends the numbers from 1 to /root/log. */
  counter: `${UNIT}
unit counter "/bin/bash -c 'n=0; while :; do n=\\$((n+1)); echo \\$n >>/root/log; sleep 0.02; done'"`,
  /** Keeps processor and disk busy. */
  load: `${UNIT}
unit load "/bin/bash -c 'n=0; while :; do n=\\$((n+1)); head -c 200000 /dev/urandom >/root/load.\\$((n %% 16)); sha256sum /root/load.* >/root/load.sums; done'"`,
} as const;
