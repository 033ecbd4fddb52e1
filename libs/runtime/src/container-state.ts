/** `checkpointed`: its processes are images on the host's disk; they use no memory and outlive the host's boots. */
export type ContainerState = 'running' | 'stopped' | 'frozen' | 'checkpointed';
