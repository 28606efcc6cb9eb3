import type { Application, ApplicationContext } from '../channel/application.ts';
import { words } from '../words.ts';
import { DigitCollector, type DigitRules, type Entry } from './digit-collector.ts';
import { playFile } from './file-playback.ts';

interface Question {
  readonly rules: DigitRules;
  readonly tries: number;
  readonly prompt: string;
  readonly invalid: string;
  readonly variable: string;
  readonly pattern: RegExp | undefined;
}

/**
 * `play_and_get_digits <min> <max> <tries> <timeout> <terminators> <file> <invalid file> <variable> <regexp>
 * [<digit timeout>]`: a key ends the prompt. What was entered is left in the variable, what does not fit the pattern in
 * `<variable>_invalid`; read_result says how it ended. Follows switch_play_and_get_digits of FreeSWITCH 1.10.12.
 */
export const playAndGetDigits: Application = {
  kind: 'occupying',
  async run(context) {
    const question = parse(context.argument);
    context.channel.setVariable(`${question.variable}_invalid`, '');
    const goesOn = (): boolean => !context.signal.aborted;
    for (let attempt = 0; attempt < question.tries && goesOn(); attempt++) {
      if (await ask(context, question)) break;
      if (goesOn()) await playFile(context.channel, question.invalid, context.signal);
    }
    return undefined;
  },
};

/** @returns whether the answer is good */
async function ask({ channel, signal }: ApplicationContext, question: Question): Promise<boolean> {
  const { rules, prompt, variable, pattern } = question;
  channel.setVariable('read_result', '');
  channel.setVariable(variable, '');
  const collector = new DigitCollector(channel, rules);
  if (prompt !== '' && prompt !== 'silence') {
    const pressed = new AbortController();
    void collector.first.then(() => pressed.abort());
    await playFile(channel, prompt, AbortSignal.any([signal, pressed.signal]));
  }
  const entry = await collector.collect(signal);
  const { digits, terminator } = entry;
  if (terminator !== undefined) channel.setVariable('read_terminator_used', terminator);
  channel.setVariable('read_result', result(entry, rules));
  channel.setVariable(variable, digits);
  if (digits === '') return rules.min === 0 && terminator !== undefined;
  if (digits.length < rules.min || entry.ended === 'broken') return false;
  if (pattern === undefined || pattern.test(digits)) return true;
  channel.setVariable(variable, '');
  channel.setVariable(`${variable}_invalid`, digits);
  return false;
}

function result({ digits, ended }: Entry, { min }: DigitRules): string {
  if (ended === 'broken' || digits.length < min) return 'failure';
  return ended === 'timeout' ? 'timeout' : 'success';
}

/** What is left out is nothing: no terminators, no prompt, any pattern. */
function parse(argument: string): Question {
  const given = words(argument);
  const [min, max, tries, timeout, terminators = '', prompt = '', invalid = '', variable = ''] = given;
  const [pattern, digitTimeout] = given.slice(8);
  const [atLeast, wait] = [number(min), number(timeout)];
  return {
    rules: {
      min: atLeast,
      max: Math.max(atLeast, number(max)),
      terminators,
      timeout: wait,
      digitTimeout: number(digitTimeout) || wait,
    },
    tries: number(tries),
    prompt,
    invalid,
    variable,
    pattern: regExp(pattern),
  };
}

function number(text: string | undefined): number {
  return Number.parseInt(text ?? '', 10) || 0;
}

/** A pattern that is none fits nothing, as there. */
function regExp(pattern: string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined;
  try {
    return new RegExp(pattern);
  } catch {
    return /^\b$/; // matches no digits
  }
}
