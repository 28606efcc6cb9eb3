/** Names one running Earpiece among those that share a store; another one after every start. */
export type InstanceId = string;
