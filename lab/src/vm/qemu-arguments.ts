import type { HostRecord, LabRecord } from '../lab-state';
import { hardwareAddress, portName } from '../network';
import { machineName } from './qemu-process';
import { DISKS, imageFile, rootDisk } from './vm-disks';

/** The machine protocol's socket, in the host's directory. */
export const QMP_SOCKET = 'qmp.sock';

const KERNEL_OPTIONS = [
  'console=ttyS0 quiet loglevel=4',
  // Cheap to leave out, dear to emulate.
  'mitigations=off no_timer_check tsc=reliable nokaslr',
  // A network interface keeps the kernel's name; LXC would want profiles for AppArmor that a minimal Debian hasn't.
  'net.ifnames=0 apparmor=0',
].join(' ');

/** QEMU's arguments for a host, the name first. To be run in the host's directory. */
export function qemuArguments(lab: LabRecord, host: HostRecord, console: string): string[] {
  const drive = (id: string, ...options: string[]): string[] => [
    ...['-drive', [`id=${id}`, 'if=none', 'discard=unmap', ...options].join(',')],
    ...['-device', `virtio-blk-pci,drive=${id}`],
  ];
  return [
    ...['-name', machineName(lab.id, host.name)],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', 'q35,accel=tcg', '-cpu', 'max', '-smp', `${host.cpus ?? 1}`, '-m', `${host.memoryMib}M`],
    ...['-kernel', imageFile(host, 'kernel'), '-initrd', DISKS.initrd, '-append', KERNEL_OPTIONS],
    ...drive('root', `file=${rootDisk(host)}`, 'format=qcow2'),
    // What the guest has flushed is in this machine's page cache, which outlives QEMU: to wait for the real disk as well
    // would only be slow. Not so for qcow2, which holds tables back itself.
    ...drive('pool', `file=${DISKS.pool}`, 'format=raw', 'cache=unsafe'),
    ...['-netdev', `tap,id=net,ifname=${portName(lab.id, host.index)},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=net,mac=${hardwareAddress(lab.id, host.index)},romfile=`],
    ...['-device', 'virtio-rng-pci'],
    ...['-chardev', `file,id=console,path=${console}`, '-serial', 'chardev:console'],
    ...['-qmp', `unix:${QMP_SOCKET},server=on,wait=off`],
  ];
}
