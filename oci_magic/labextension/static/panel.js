// The row under a prompt: what it is doing, Stop; what can be done next; its drafts as tabs.
//
// The kernel sends what it shows as JSON under a MIME type of its own. The elements are made once
// and changed in place: nobody loses the focus or what they were typing.

export const MIME = 'application/vnd.oci_magic.panel+json';

const LABELS = {
  run: ['Run', 'Run the cells below'],
  fix: ['Fix', 'Show the model the error and let it try again'],
  repair: ['Fix', 'Ask the model for a repair of this cell'],
  apply: ['Apply', 'Put this code into the cell'],
  keep: ['Keep', 'Keep this answer: show no more than this line'],
  undo: ['Revert', 'Take this answer back, its cells and variables; the one before it returns'],
  retry: ['Ask again', 'Ask for another answer'],
  feedback: ['Send', 'Tell the model what to change']
};
const MOST_ROUNDS = 20;
const PATIENCE = 500; // milliseconds until a row says that it waits
const MARKS = { worked: '✔', unrepaired: '✘', stopped: '■', held: '‖' };
const WORKING = new Set(['loading', 'generating', 'running', 'repairing']);

/** A renderer for JupyterLab's registry; `act(node, action)` does what a button says and may have
 * a line to say, `live(node)` tells whether a prompt at work is followed in this window, `chosen(node)` what has been set in the row. */
export function panelFactory(lab, { act, live, chosen }) {
  class Panel extends lab.Widget {
    constructor() {
      super();
      this.addClass('oci-magic-panel');
      this.node.setAttribute('role', 'group');
      this.node.setAttribute('aria-label', 'What oci does with this prompt');
      this.node.tabIndex = -1;
      this.row = append(this.node, 'div', 'oci-magic-row');
      this.state = append(this.row, 'span', 'oci-magic-state');
      this.state.setAttribute('role', 'status'); // read out: what counts up stands beside it
      this.pace = append(this.row, 'span', 'oci-magic-pace');
      this.clock = append(this.row, 'span', 'oci-magic-clock');
      this.buttons = append(this.row, 'span', 'oci-magic-buttons');
      this.drafts = append(this.node, 'div', 'oci-magic-drafts');
      this.shown = {};
    }

    /** Have something done with the answer; returns what `Cells.act` does. */
    act(action) {
      return act(this.node, { ...action, prompt: this.prompt });
    }

    onAfterAttach() {
      const { folded, rounds, typed } = chosen(this.node);
      const words = this.buttons.querySelector('input[type=text]');
      if (words) {
        words.value ||= typed ?? '';
      }
      this.fold(Boolean(folded));
      const input = this.buttons.querySelector('input[type=number]');
      if (input && rounds !== undefined) {
        input.value = rounds;
      }
    }

    /** Show no more than the line, with a button that shows the rest again. */
    fold(folded) {
      this.node.dataset.folded = folded;
      this.more?.remove();
      if (folded) {
        this.more = this.button('…', 'Show what can be done with this answer', () => {
          this.fold(false);
          this.buttons.querySelector('button').focus();
          this.act({ kind: 'folded', folded: false });
        });
        this.more.setAttribute('aria-label', 'More');
        this.row.append(this.more);
      }
    }

    async renderModel(model) {
      const shown = model.data[MIME];
      const { state, line, pace, actions, drafts, code, was, prompt, rounds, words } = shown;
      const working = WORKING.has(state);
      this.code = code;
      this.was = was;
      this.prompt = prompt;
      this.words = words;
      this.rounds = rounds;
      this.node.dataset.state = state;
      this.node.dataset.working = working;
      this.changed('line', [MARKS[state], line].filter(Boolean).join(' '), said => {
        this.state.textContent = said;
        this.state.title = working ? said : ''; // it may be cut off
      });
      this.pace.textContent = pace ?? '';
      this.changed('clock', working, () => this.tick(working));
      const wanted = working ? ['stop'] : actions;
      this.changed('actions', [wanted, code], () => this.offer(wanted));
      this.changed('drafts', [drafts, code], () => this.list(drafts));
      if (working) {
        this.fold(false);
      }
      this.hold(working);
    }

    /** While the prompt is at work, what stands below it may move down, not up and down. */
    hold(working) {
      const area = this.node.closest('.jp-OutputArea');
      if (area) {
        area.style.minHeight = working ? `${area.offsetHeight}px` : '';
      }
    }

    /** Draw a part only where it differs: what stands there may have the focus. */
    changed(part, value, draw) {
      const key = JSON.stringify(value);
      if (this.shown[part] !== key) {
        this.shown[part] = key;
        draw(value);
      }
    }

    tick(working) {
      clearInterval(this.timer);
      this.clock.textContent = '';
      if (working) {
        const began = Date.now();
        const show = () => {
          if (!live(this.node)) {
            this.tick(false);
            this.hold(false);
            this.buttons.replaceChildren();
            this.pace.textContent = '';
            this.state.textContent = 'not at work any more, or not followed in this window';
            return;
          }
          this.clock.textContent = `${Math.floor((Date.now() - began) / 1000)} s`;
        };
        this.timer = setInterval(show, 1000);
        this.clock.textContent = '0 s';
      }
    }

    offer(actions) {
      if (this.buttons.contains(document.activeElement)) {
        this.node.focus(); // the button that was pressed goes: the keyboard stays here
      }
      this.buttons.replaceChildren();
      for (const action of actions) {
        if (action === 'stop') {
          this.action('stop', 'Stop', 'Interrupt the kernel');
        } else if (action === 'keep') {
          this.button(...LABELS.keep, () => {
            this.fold(true);
            this.more.focus();
            this.act({ kind: 'folded', folded: true });
          });
        } else if (action === 'feedback') {
          this.feedback();
          if (this.rounds !== null) {
            this.autofix();
          }
        } else {
          this.action(action, ...LABELS[action]);
        }
      }
    }

    /** A button that has something done. */
    action(kind, label, title) {
      const { code, was } = this;
      let sure;
      const button = this.button(label, title, () => {
        if (this.waits) {
          return;
        }
        const told = this.act({ kind, code, was, sure });
        sure = told?.sure;
        if (told?.say) {
          this.state.textContent = told.say;
        } else if (told) {
          void this.begun(told, button, kind === 'run');
        }
      });
      button.dataset.action = kind;
    }

    /** Until what a button has begun is over, nothing else begins; `seen` if it shows elsewhere.
     *
     * What waits for a busy kernel says so.
     */
    async begun(told, button, seen = false) {
      const focused = document.activeElement === button;
      if (focused) {
        this.node.focus(); // the keyboard stays here
      }
      this.waits = button.disabled = true;
      const line = this.state.textContent;
      const waiting = 'asked: begins when the kernel is free …';
      const say = said => {
        this.state.textContent = said;
      };
      const timer = seen ? undefined : setTimeout(() => say(waiting), PATIENCE);
      try {
        const said = (await told)?.say;
        if (said || this.state.textContent === waiting) {
          say(said ?? line);
        }
      } finally {
        clearTimeout(timer);
        this.waits = button.disabled = false;
      }
      if (focused && document.activeElement === this.node && button.isConnected) {
        button.focus();
      }
    }

    button(label, title, pressed) {
      const button = append(this.buttons, 'button', 'oci-magic-button jp-mod-styled');
      button.type = 'button';
      button.textContent = label;
      button.title = title;
      button.addEventListener('click', event => {
        // The second of a double click would hit what has come into the place of the first.
        if (event.detail < 2) {
          pressed(event);
        }
      });
      return button;
    }

    /** How often a failure is repaired without asking, from the next time on. */
    autofix() {
      const label = append(this.buttons, 'label', 'oci-magic-autofix');
      label.append('auto-fix');
      label.title = 'Repairs at most, each time this prompt is asked';
      const input = append(label, 'input', 'jp-mod-styled');
      const value = chosen(this.node).rounds ?? this.rounds;
      Object.assign(input, { type: 'number', min: 0, max: MOST_ROUNDS, value });
      input.dataset.lmSuppressShortcuts = 'true';
      input.addEventListener('keydown', event => event.stopPropagation());
      input.addEventListener('change', () => {
        const rounds = Number.parseInt(input.value, 10);
        if (rounds >= 0 && rounds <= MOST_ROUNDS) {
          this.act({ kind: 'rounds', rounds });
        } else {
          input.value = chosen(this.node).rounds ?? this.rounds;
          this.state.textContent = `auto-fix is a number from 0 to ${MOST_ROUNDS}`;
        }
      });
    }

    feedback() {
      const form = append(this.buttons, 'form', 'oci-magic-feedback');
      const input = append(form, 'input', 'jp-mod-styled');
      input.type = 'text';
      input.dataset.lmSuppressShortcuts = 'true'; // what is typed here is no shortcut
      input.placeholder = 'say what to change';
      input.value = this.words || (chosen(this.node).typed ?? '');
      input.addEventListener('input', () => this.act({ kind: 'typed', text: input.value }));
      input.setAttribute('aria-label', 'Say what to change');
      const [label, title] = LABELS.feedback;
      const button = append(form, 'button', 'oci-magic-button jp-mod-styled');
      button.textContent = label;
      button.title = title;
      button.dataset.action = 'feedback';
      const send = event => {
        event.preventDefault();
        const text = input.value.trim();
        if (text && !this.waits) {
          void this.begun(this.act({ kind: 'feedback', text }), button);
        }
      };
      form.addEventListener('submit', send);
      // The notebook around takes Enter for itself, and the form would not hear of it.
      input.addEventListener('keydown', event => {
        event.stopPropagation();
        if (event.key === 'Enter' && !event.isComposing) {
          send(event);
        }
      });
    }

    /** The drafts as tabs, behind a button that unfolds them. */
    list(drafts) {
      this.drafts.replaceChildren();
      if (!drafts.length) {
        return;
      }
      const toggle = append(this.drafts, 'button', 'oci-magic-toggle');
      const content = append(this.drafts, 'div');
      const tabs = append(content, 'div', 'oci-magic-tabs');
      tabs.setAttribute('role', 'tablist');
      tabs.setAttribute('aria-label', 'Drafts');
      const page = append(content, 'div', 'oci-magic-draft');
      page.setAttribute('role', 'tabpanel');
      page.tabIndex = 0;
      const unfold = open => {
        content.hidden = !open;
        toggle.setAttribute('aria-expanded', open);
      };
      Object.assign(toggle, { type: 'button', textContent: `${drafts.length} drafts` });
      toggle.addEventListener('click', () => unfold(content.hidden));
      const choose = chosen => {
        [...tabs.children].forEach((tab, at) => {
          tab.setAttribute('aria-selected', at === chosen);
          tab.tabIndex = at === chosen ? 0 : -1;
        });
        page.setAttribute('aria-label', drafts[chosen].title);
        page.replaceChildren(...pageOf(drafts[chosen]));
      };
      drafts.forEach(({ title, failure }, at) => {
        const tab = append(tabs, 'button', 'oci-magic-tab');
        Object.assign(tab, { type: 'button', textContent: failure ? `${title} ✘` : title });
        tab.setAttribute('role', 'tab');
        tab.addEventListener('click', () => choose(at));
        tab.addEventListener('keydown', event => {
          const last = drafts.length - 1;
          const keys = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
          if (event.key in keys) {
            const next = (keys[event.key] + drafts.length) % drafts.length;
            choose(next);
            tabs.children[next].focus();
            event.preventDefault();
            event.stopPropagation();
          }
        });
      });
      choose(drafts.length - 1);
      unfold(Boolean(this.code)); // what Apply would put into the cell
    }

    dispose() {
      clearInterval(this.timer);
      super.dispose();
    }
  }
  return { safe: true, mimeTypes: [MIME], createRenderer: () => new Panel() };
}

/** A draft: why it failed, and what changed from the one before. */
function pageOf({ failure, diff }) {
  const reason = document.createElement('div');
  reason.className = 'oci-magic-failure';
  reason.textContent = failure;
  const lines = document.createElement('pre');
  for (const [change, line] of diff) {
    const element = append(lines, 'span', 'oci-magic-line');
    element.dataset.change = change;
    element.textContent = `${change} ${line}\n`;
  }
  return failure ? [reason, lines] : [lines];
}

function append(parent, tag, classes = '') {
  const element = document.createElement(tag);
  element.className = classes;
  parent.append(element);
  return element;
}
