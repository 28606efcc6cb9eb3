import { type Changes, labConfig } from './lab.ts';

/** One agent and the supervisor that coaches it. */
export interface Team {
  readonly agent: { readonly id: string; readonly number: string };
  readonly supervisor: { readonly id: string; readonly number: string; readonly userName: string };
}

const team = (n: number): Team => ({
  agent: { id: `agent-${n}`, number: `60${n}0` },
  supervisor: { id: `supervisor-${n}`, number: `60${n}5`, userName: `supervisor${n}` },
});

/** So many agents, each with a supervisor of its own (at most ten), and the configuration they need. */
export function teams(count: number): { teams: Team[]; changes: Changes } {
  const all = Array.from({ length: count }, (_, n) => team(n));
  const [someone] = labConfig().users;
  if (someone === undefined) throw new Error('the laboratory has no users');
  const { passwordHash } = someone;
  return {
    teams: all,
    changes: {
      users: all.flatMap(({ agent, supervisor }) => [
        { id: `user of ${agent.id}`, userName: agent.id, firstName: '', lastName: '', roles: ['agent'], passwordHash },
        {
          id: `user of ${supervisor.id}`,
          userName: supervisor.userName,
          firstName: '',
          lastName: '',
          roles: ['supervisor'],
          passwordHash,
        },
      ]),
      devices: all.flatMap(({ agent, supervisor }) => [
        { id: agent.id, phoneNumber: agent.number, owner: agent.id, sip: phone(agent.number), autoAnswer: false },
        {
          id: supervisor.id,
          phoneNumber: supervisor.number,
          owner: supervisor.userName,
          sip: phone(supervisor.number),
          autoAnswer: true,
        },
      ]),
    },
  };
}

const phone = (userName: string) => ({ userName, password: 'earpiece' });
