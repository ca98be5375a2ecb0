// The cells of one notebook, as the kernel may change them. A cell is known by its id; what is
// gone by now is left alone. Metadata `oci_magic` of a cell says which prompt cell owns it.

import { MIME as ROW } from './panel.js';

const KEY = 'oci_magic';
const REMEMBERED = 50; // deleted cells
const SHOWN = 10_000; // milliseconds for which a notification is seen
const FRAMES = 60; // until JupyterLab has laid cells out, also on a busy machine
const PANEL = '.oci-magic-panel';
const COMMANDS = { repair: '%oci fix', undo: '%oci undo' };

/** Whether a cell is the one for which its metadata were written, and no copy of it. */
function isFirst(model) {
  return model.getMetadata(KEY)?.cell === model.id;
}

/** Make a change after which the keyboard is where it was, if that was a row that is drawn anew. */
export function atRow(change) {
  const row = document.activeElement?.closest(PANEL);
  const cell = row?.closest('.jp-Cell');
  change();
  let frames = cell ? FRAMES : 0;
  const look = () => {
    const there = row.isConnected ? row : cell.querySelector(PANEL);
    if (there && document.activeElement === document.body) {
      there.focus();
    } else if ((frames -= 1) > 0) {
      requestAnimationFrame(look);
    }
  };
  if (cell) {
    requestAnimationFrame(look);
  }
}

/** The cell that is active before a change is so after it, if it is still there, and typed into.
 *
 * Within a change of several steps JupyterLab takes another cell for the active one at times. In
 * edit mode it would give that one the focus, and where it is out of view does so later.
 */
function keepActive(notebook, change) {
  const active = notebook.activeCell;
  const editing = notebook.mode === 'edit';
  // Not what the editor says: while another window has the focus, none of this one's has.
  const typing = editing && active?.editorWidget?.node.contains(document.activeElement);
  if (editing) {
    notebook.setMode('command', { focus: false });
  }
  try {
    change();
  } finally {
    const index = notebook.widgets.findIndex(cell => cell.model.id === active?.model.id);
    if (index >= 0) {
      notebook.activeCellIndex = index;
    }
    if (index >= 0 && editing) {
      notebook.setMode('edit', { focus: false });
    }
    if (index >= 0 && typing) {
      notebook.activeCell.editor?.focus();
    }
  }
}

export class Cells {
  constructor(lab, panel, followed) {
    this.lab = lab;
    this.panel = panel;
    this.followed = followed; // notebook panel → its cells; one notebook may have several panels
    this.running = new Map(); // id of a bound cell → the future that brings its outputs
    this.actions = new Map(); // id of a prompt cell → what a button of it said
    this.counts = new Map(); // id of a prompt cell → the execution count to show
    this.seen = new Map(); // id of a prompt cell → the last answer that the kernel told of
    this.live = new Set(); // ids of the prompt cells at work
    this.lost = new Set(); // those of them that were at work when the notebook was read anew
    this.again = new Set(); // ids of the prompt cells that are asked to run
    this.hosts = new Map(); // id of a cell that takes part in the prompt at work → its model
    this.written = new Set(); // ids of the cells that the prompt at work has written
    this.taken = new Map(); // id of one that the person took away meanwhile → its prompt
    this.answer = null; // the name of that prompt's answer before
    this.held = new Set(); // ids of the cells whose draft keeps its height
    this.locked = new Set(); // ids of the cells that a prompt at work is writing
    this.shown = new Map(); // id of a prompt cell → what its row and words were
    this.typed = new Map(); // id of a prompt cell → words in its row that are not sent yet
    this.deleted = new Map(); // id → a generated cell as it was when it was deleted
    this.deletions = 0; // the last deletion done, by the kernel's numbering
  }

  // Operations ---------------------------------------------------------------------------

  /** Put a new cell below the first of `after` that is there; the active cell stays active.
   *
   * A `draft` is not editable yet. Beside an earlier answer it is no `step` to be undone: that
   * it takes the other's place will be one. A cell that is there already, as it was saved when
   * one of the sources `was` came, is brought up to date.
   */
  insert({ after, cell, draft, step = true, was }) {
    const there = this.model(cell.id)?.sharedModel;
    if (there && was && isPartOf(there.getSource(), was)) {
      this.update({ ...cell, metadata: cell.metadata[KEY] });
      this.loosen(cell.id);
      this.unlock(cell.id);
    }
    const at = after.map(id => this.index(id)).find(index => index >= 0) ?? -1;
    if (at < 0 || there) {
      return;
    }
    this.withIds();
    const before = this.deleted.get(cell.id); // it comes back: with its outputs
    const metadata = { ...before?.metadata, ...cell.metadata }; // trusted, if it was
    const whole = before?.source === cell.source ? { ...before, metadata } : cell;
    this.holdPlace();
    this.keepingActive(() => {
      this.shared.transact(() => this.shared.insertCell(at + 1, whole), step);
    });
    if (draft) {
      this.written.add(cell.id);
      this.lock(cell.id);
    }
  }

  /** Change source or metadata; drafts are no steps to be undone one by one.
   *
   * A source that is not `was` is the person's, and stays.
   */
  update({ id, source, was, metadata }) {
    const model = this.model(id);
    if (!model) {
      return;
    }
    if (source !== undefined) {
      this.hold(id);
      this.lock(id);
    }
    if (metadata?.answer) {
      this.seen.set(id, metadata.answer);
    }
    const change = () => {
      const now = model.sharedModel.getSource();
      if (source !== undefined && (was === undefined || was === now)) {
        model.sharedModel.setSource(source);
      }
      if (metadata === null) {
        model.deleteMetadata(KEY);
      } else if (metadata !== undefined) {
        const { rounds } = model.getMetadata(KEY) ?? {}; // the person's, whatever else is new
        model.setMetadata(KEY, rounds === undefined ? metadata : { ...metadata, rounds });
      }
    };
    this.shared.transact(change, false);
  }

  /** From now on outputs of messages under `message` belong to the cell.
   *
   * `asked` is the last request for input that came: on a channel of its own, maybe before this.
   */
  bind({ id, message }, { kernel, asked }) {
    const cell = this.widget(id);
    if (!cell) {
      return;
    }
    this.free(id);
    this.loosen(id);
    this.hosts.set(id, cell.model);
    cell.model.clearExecution();
    cell.model.trusted = true;
    this.follow(cell, message, kernel, asked);
  }

  /** Bring the outputs of messages under `message` to a cell, below what it shows. */
  follow(cell, message, kernel, asked) {
    // A real future under an id that the kernel has chosen: it is what outputs are sent to.
    const request = this.lab.KernelMessage.createMessage({
      msgType: 'kernel_info_request',
      channel: 'shell',
      msgId: message,
      session: kernel.clientId,
      username: kernel.username,
      content: {}
    });
    const future = kernel.sendShellMessage(request, false, false);
    bring(cell, future);
    this.running.set(cell.model.id, future);
    mark(cell, 'running', '*');
    if (asked?.parent_header.msg_id === message) {
      const ask = future.onStdin;
      future.onStdin = said => said.header.msg_id !== asked.header.msg_id && ask(said);
      void ask(asked);
    }
  }

  /** The bound cell has run, with this execution count; `error` is an output to be added. */
  done({ id, count, error }) {
    this.running.delete(id);
    const cell = this.widget(id);
    if (!cell) {
      return;
    }
    if (error) {
      cell.model.outputs.add(error);
    }
    cell.model.executionCount = count;
    mark(cell, 'idle', `${count ?? ''}`);
  }

  /** Delete cells whose source is still the given one; `number` counts this kernel's deletions.
   *
   * One that the person has edited in the meantime is theirs, and they are told. The `drafts`
   * that take their place come in the same step: undone, it brings back what was there before.
   * Drafts that go alone are no `step`.
   */
  delete({ cells, number, drafts = [], step = true }) {
    this.deletions = Math.max(this.deletions, number);
    const there = cells.filter(({ id }) => this.model(id));
    const same = ({ id, source, was }) => {
      const now = this.model(id).sharedModel.getSource();
      return now === source || (was && isPartOf(now, [...was, source]));
    };
    const gone = there.filter(same);
    const edited = there.filter(cell => !same(cell));
    edited.forEach(({ id }) => this.giveBack(id));
    gone.forEach(({ id }) => this.remember(id));
    const moved = gone.length ? drafts.filter(id => this.model(id)) : [];
    const anew = moved.map(id => this.model(id).sharedModel.toJSON());
    const out = gone.map(({ id }) => id);
    this.keepingActive(() => {
      const first = this.index(moved[0]);
      const above = this.ids().slice(0, Math.max(first, 0));
      this.take(moved, false);
      const at = above.filter(id => !moved.includes(id) && !out.includes(id)).length;
      this.take(out, step, () => this.shared.insertCells(at, anew));
    });
    moved.forEach(id => this.lock(id));
  }

  /** A cell as it is in the end, for a window that was loaded anew in mid-run. */
  show({ id, outputs, count }) {
    const cell = this.widget(id);
    if (cell) {
      cell.model.trusted = true;
      cell.model.outputs.fromJSON(outputs);
      cell.model.executionCount = count;
      if (cell.model.executionState === 'running') {
        mark(cell, 'idle', `${count ?? ''}`); // taken away while it ran
      }
    }
  }

  /** The code that a prompt had left to the person has worked: the prompt's own error is over. */
  settled({ id }) {
    const model = this.model(id);
    const rest = model?.outputs?.toJSON().filter(output => output.output_type !== 'error');
    if (rest && rest.length < model.outputs.length) {
      model.outputs.fromJSON(rest);
    }
  }

  /** The prompt cell shows `count`, not the last count of the cells that it ran. */
  pin({ id, count }) {
    this.counts.set(id, count);
  }

  // What the plugin asks -----------------------------------------------------------------

  /** What a button of a cell says: `stop`, `run` the prompt's cells, or have the kernel do it.
   *
   * Returns what there is to `say`, `sure` if the next press is, or a promise of what runs.
   */
  act(prompt, action) {
    const { content, sessionContext } = this.panel;
    if (action.kind === 'stop') {
      // Not by a message: a busy kernel hears of none.
      void sessionContext.session?.kernel?.interrupt();
      return { say: 'stopping …' };
    }
    if (action.kind === 'apply') {
      return this.put(prompt, action);
    }
    if (action.kind === 'typed') {
      this.typed.set(prompt, action.text);
      return;
    }
    if (action.kind === 'rounds' || action.kind === 'folded') {
      const model = this.model(prompt);
      const record = { ...model?.getMetadata(KEY), [action.kind]: action[action.kind] };
      this.shared.transact(() => model?.setMetadata(KEY, record), false);
      return;
    }
    if (action.kind in COMMANDS) {
      return this.command(prompt, action.kind, sessionContext.session?.kernel);
    }
    const made = this.madeBy(prompt).map(model => model.id);
    const ids = action.kind === 'run' ? made : [prompt];
    if (action.kind !== 'run') {
      return this.ask(prompt, action, sessionContext);
    }
    const cells = ids.map(id => this.widget(id)).filter(Boolean);
    if (!cells.length) {
      return { say: 'the code is not there any more: ask again' };
    }
    return this.lab.NotebookActions.runCells(content, cells, sessionContext).then(() => {});
  }

  /** Run a prompt with what a button of it says, when the kernel is free. */
  async ask(prompt, action, sessionContext) {
    const say = await this.refusal(sessionContext.session?.kernel);
    const cell = this.widget(prompt);
    if (!cell || say) {
      return { say };
    }
    this.actions.set(prompt, action);
    if (action.kind === 'feedback' && this.typed.get(prompt)?.trim() === action.text) {
      this.typed.delete(prompt);
    }
    const { NotebookActions } = this.lab;
    await NotebookActions.runCells(this.panel.content, [cell], sessionContext).finally(() => {
      this.actions.delete(prompt);
    });
  }

  /** Why a kernel is not to be asked, which is known when it is free; undefined if it can be. */
  async refusal(kernel) {
    if (!kernel || kernel.isDisposed || kernel.status === 'dead') {
      return 'no kernel runs: start one, run %load_ext oci_magic, then press again';
    }
    const loaded = "'oci' in get_ipython().magics_manager.magics['cell']";
    const probe = { code: '', silent: true, user_expressions: { loaded } };
    const reply = await kernel.requestExecute(probe).done.catch(() => undefined);
    if (reply?.content.status !== 'ok') {
      return 'not asked: what ran before was stopped';
    }
    if (reply.content.user_expressions.loaded?.data?.['text/plain'] === 'False') {
      return 'this kernel is a new one: run %load_ext oci_magic, then press again';
    }
  }

  /** Put a repair in the place of a cell's source, at the second time of what is no more `was`. */
  put(id, { code, was, sure }) {
    const shared = this.model(id)?.sharedModel;
    if (shared && ![was, code].includes(shared.getSource()) && !sure) {
      const say = 'you have edited this cell since: Apply once more puts the repair in its place';
      return { say, sure: true };
    }
    shared?.setSource(code);
    return { say: 'the repair is in the cell: run it' };
  }

  /** Run a command in a cell's name: what it shows comes below what the cell has shown.
   *
   * A repair takes the place of the row that offered it.
   */
  async command(id, kind, kernel) {
    const say = await this.refusal(kernel);
    const cell = this.widget(id);
    if (!cell || say) {
      return { say };
    }
    this.actions.set(id, { kind, text: cell.model.sharedModel.getSource() });
    const content = { code: COMMANDS[kind], store_history: false };
    if (kind === 'repair') {
      const { outputs } = cell.model;
      const others = outputs.toJSON().filter(({ data }) => !data || !(ROW in data));
      atRow(() => outputs.fromJSON(others));
    }
    const future = kernel.requestExecute(content, false, { cellId: id });
    bring(cell, future);
    await future.done;
  }

  /** What the person has chosen in a prompt's row: `folded` to its line, `rounds` of repairs. What
   * is `typed` there and not sent is no part of the notebook.
   */
  chosen(prompt) {
    return { ...this.model(prompt)?.getMetadata(KEY), typed: this.typed.get(prompt) };
  }

  /** What a prompt's request tells: the record of its last answer, and what is left of it. */
  told(prompt) {
    const cells = this.madeBy(prompt, true).map(model => ({
      id: model.id,
      kind: model.type,
      source: model.sharedModel.getSource(),
      theirs: !isFirst(model) || model.getMetadata('deletable') === false,
      metadata: model.getMetadata(KEY)
    }));
    const record = this.model(prompt)?.getMetadata(KEY) ?? null;
    const shown = this.shown.get(prompt) ?? [];
    return { record, cells, shown, seen: this.seen.get(prompt) ?? null };
  }

  /** What a button of the prompt said, once. */
  takeAction(prompt) {
    const action = this.actions.get(prompt);
    this.actions.delete(prompt);
    return action;
  }

  /** The prompts of this notebook by id, each with its answer's name if it has one. */
  answers() {
    const models = Array.from(this.panel.content.model?.cells ?? []);
    const asks = model => /^\s*%%?oci\b/.test(model.sharedModel.getSource());
    const answer = model => model.getMetadata(KEY)?.answer ?? null;
    return Object.fromEntries(models.filter(asks).map(model => [model.id, answer(model)]));
  }

  /** The ids of the generated cells that are there, for one that was cut and pasted its old one. */
  stands() {
    const models = Array.from(this.panel.content.model?.cells ?? []);
    return models.map(model => model.getMetadata(KEY)?.cell).filter(Boolean);
  }

  /** The models of the cells that a prompt owns; `left` with those that others are gone for.
   *
   * A copy that the person made has the metadata too, but another id. So has what was merged, or
   * cut and pasted: there, the cell that the metadata name is not there any more.
   */
  madeBy(prompt, left = false) {
    const models = Array.from(this.panel.content.model?.cells ?? []);
    const ids = new Set(models.map(({ id }) => id));
    const isMade = (model, { owner, cell } = {}) =>
      owner === prompt &&
      model.id !== prompt &&
      (isFirst(model) || (left && cell && !ids.has(cell)));
    return models.filter(model => isMade(model, model.getMetadata(KEY) ?? {}));
  }

  /** JupyterLab is about to execute a cell, and to clear what it shows: a prompt's is kept.
   *
   * If the prompt is at work already, this is the run that ends last: its number is shown, and
   * what it clears was not lost.
   */
  scheduled(model) {
    this.counts.delete(model.id);
    if (/^\s*%%?oci\b/.test(model.sharedModel.getSource()) && model.outputs) {
      const data = model.outputs.toJSON().map(output => output.data);
      const ours = data.filter(each => each && (ROW in each || 'text/markdown' in each));
      this.shown.set(model.id, ours);
      this.again.add(model.id);
    }
  }

  /** A cell has been executed by JupyterLab itself. */
  executed(model) {
    if (this.counts.has(model.id)) {
      model.executionCount = this.counts.get(model.id);
      this.counts.delete(model.id);
    }
  }

  /** The kernel is a new one: it knows of no prompt and has deleted nothing. */
  restarted() {
    this.release();
    this.live.clear();
    this.again.clear();
    this.taken.clear();
    this.deletions = 0;
  }

  /** A prompt is at work from now on. */
  begin(prompt) {
    this.live.add(prompt);
    this.again.delete(prompt);
    this.hosts = new Map([[prompt, this.model(prompt)]]);
    this.written.clear();
    this.answer = this.answers()[prompt];
  }

  /** The prompt is over; tells whether it has an answer of which something was lost here.
   *
   * A cell that is moved is a new one, to which nothing comes, and outputs can be cleared.
   */
  end(prompt) {
    this.live.delete(prompt);
    const gone = [...this.written].filter(id => !this.model(id) && !this.deleted.has(id));
    gone.forEach(id => this.taken.set(id, prompt));
    const { [prompt]: answer } = this.answers();
    const there = [...this.hosts].filter(([id]) => this.model(id));
    const moved = there.some(([id, model]) => this.model(id) !== model);
    const shown = this.model(prompt)?.outputs?.toJSON() ?? [];
    const rowless = shown.every(({ data }) => !data || !(ROW in data));
    return answer !== this.answer && (moved || (rowless && !this.again.has(prompt)));
  }

  /** The prompt of which a cell is there again that was taken away while it was at work. */
  restored() {
    const id = [...this.taken.keys()].find(taken => this.model(taken));
    const prompt = this.taken.get(id);
    for (const [each, other] of [...this.taken]) {
      if (other === prompt) {
        this.taken.delete(each);
      }
    }
    return prompt;
  }

  /** The notebook was read from disk anew: what a prompt at work has made so far is gone. */
  reverted() {
    this.release();
    this.lost = new Set(this.live);
  }

  /** Another view of the notebook, which did what the kernel said, is closed: go on for it. */
  takeOver({ running, counts, seen, deleted, deletions }, { kernel }) {
    Object.assign(this, { counts, seen, deleted, deletions });
    for (const [id, future] of running) {
      future.dispose(); // later, it would take the new one of the same id away
      const cell = this.widget(id);
      if (cell) {
        this.follow(cell, future.msg.header.msg_id, kernel);
      }
    }
  }

  /** The notebook's cells are there and the kernel's status is known. */
  async ready() {
    await this.panel.context.ready;
    await this.panel.revealed;
    await this.panel.sessionContext.ready;
  }

  /** Nothing comes any more, the kernel is gone or the prompt is over: no cell waits for it. */
  release() {
    this.held.forEach(id => this.loosen(id));
    this.locked.forEach(id => this.unlock(id));
    for (const id of [...this.running.keys()]) {
      this.free(id);
      const cell = this.widget(id);
      if (cell) {
        mark(cell, 'idle', '');
      }
    }
  }

  // --------------------------------------------------------------------------------------

  /** Delete cells and then do more, as a step to be undone or as none.
   *
   * Descending, and found beforehand: inside of a transaction the cells are those of before, and a
   * look-up after the first deletion would hit a cell of the person.
   */
  take(ids, step, more = () => {}) {
    const places = ids.map(id => this.index(id)).sort((one, other) => other - one);
    const change = () => {
      places.forEach(at => this.shared.deleteCell(at));
      more();
    };
    this.shared.transact(change, step);
  }

  /** Change the notebook; in all its panels the person goes on where they are. */
  keepingActive(change) {
    const panels = [...this.followed].filter(([panel]) => panel.context === this.panel.context);
    panels.reduce((inner, [panel]) => () => keepActive(panel.content, inner), change)();
  }

  /** What is in view stays where it is when a cell comes above it.
   *
   * The browser sees to that, except where JupyterLab lays out only the cells in view.
   */
  holdPlace() {
    const scroller = this.panel.content.outerNode;
    const edge = scroller?.getBoundingClientRect().top;
    const seen = ({ node }) => node.getBoundingClientRect().bottom > edge && node.offsetHeight;
    const first = scroller && this.panel.content.widgets.find(seen)?.node;
    if (!first) {
      return;
    }
    const { top } = first.getBoundingClientRect();
    const { scrollTop } = scroller;
    let before = 0;
    let frames = FRAMES;
    const hold = () => {
      if (!first.isConnected || scroller.scrollTop !== scrollTop) {
        return; // the person scrolls, or the browser has done it
      }
      const moved = first.getBoundingClientRect().top - top;
      if (moved && moved === before) {
        scroller.scrollTop += moved;
        return;
      }
      before = moved; // what is laid out may not have its height yet: another frame
      frames -= 1;
      if (frames) {
        requestAnimationFrame(hold);
      }
    };
    requestAnimationFrame(hold);
  }

  /** A file of before nbformat 4.5 keeps no ids, by which cells are known: it gets them. */
  withIds() {
    if (this.shared.nbformat === 4 && this.shared.nbformat_minor < 5) {
      this.shared.nbformat_minor = 5;
    }
  }

  remember(id) {
    this.deleted.set(id, this.model(id).sharedModel.toJSON());
    for (const old of [...this.deleted.keys()].slice(0, -REMEMBERED)) {
      this.deleted.delete(old);
    }
  }

  /** A draft that is written anew does not pull up what stands below it. */
  hold(id) {
    const input = this.widget(id)?.inputArea?.node;
    if (input) {
      input.style.minHeight = `${input.offsetHeight}px`;
      this.held.add(id);
    }
  }

  loosen(id) {
    this.widget(id)?.inputArea?.node.style.removeProperty('min-height');
    this.held.delete(id);
  }

  /** What is typed into a draft would be lost on the kernel, which runs the draft: not editable.
   *
   * `syncEditable` is off meanwhile: the notebook's metadata are to say nothing of it.
   */
  lock(id) {
    const cell = this.widget(id);
    if (cell) {
      Object.assign(cell, { syncEditable: false, readOnly: true });
      this.locked.add(id);
    }
  }

  unlock(id) {
    const cell = this.widget(id);
    if (cell) {
      Object.assign(cell, { readOnly: false, syncEditable: true });
    }
    this.locked.delete(id);
  }

  /** A cell that is to go was edited when the prompt had been asked: it is the person's. */
  giveBack(id) {
    this.update({ id, metadata: null });
    if (this.widget(id).prompt === '*') {
      this.counts.set(id, null); // its request is in the queue, of before, and will not run
    }
    const said = 'oci kept a cell that you have edited: it is yours from now on';
    this.lab.Notification.info(said, { autoClose: SHOWN });
  }

  free(id) {
    this.running.get(id)?.dispose();
    this.running.delete(id);
  }

  get path() {
    return this.panel.context.path;
  }

  get shared() {
    return this.panel.content.model.sharedModel;
  }

  index(id) {
    return this.ids().indexOf(id);
  }

  ids() {
    return this.panel.content.widgets.map(cell => cell.model.id);
  }

  widget(id) {
    return this.panel.content.widgets[this.index(id)];
  }

  model(id) {
    return this.widget(id)?.model;
  }
}

/** Whether a source is a draft of which nothing but the end is missing. */
function isPartOf(source, drafts) {
  return drafts.some(draft => draft.startsWith(source));
}

/** Let a future's outputs come to a cell, below those that are there. */
function bring(cell, future) {
  const shown = cell.model.outputs.toJSON();
  cell.outputArea.future = future; // clears them
  cell.model.outputs.fromJSON(shown);
}

function mark(cell, state, prompt) {
  cell.model.executionState = state;
  cell.setPrompt(prompt);
}
