//! What the drawing looks like. A page around it can set any `--flow-…` of its own.

/// The style sheet. Everything in it is about `.flow-graph` and what is inside, because a drawing inside of a page shares the
/// page's style.
pub(super) const STYLE: &str = "\
.flow-graph{--bg:var(--flow-bg,#fff);--ink:var(--flow-ink,#1d2733);--muted:var(--flow-muted,#5c6b7d);--line:var(--flow-line,#a3b0bf);\
--card:var(--flow-card,#f7f9fb);--rim:var(--flow-rim,#c9d3de);--chip:var(--flow-chip,#edf1f5);--frame:var(--flow-frame,#f4f7fa);\
--step:var(--flow-step,#3566c4);--ask:var(--flow-ask,#a35c00);--ask-bg:var(--flow-ask-bg,#fdf5e4);--time:var(--flow-time,#7446b8);\
--time-bg:var(--flow-time-bg,#f6f1fc);--call:var(--flow-call,#0f766e);--done:var(--flow-done,#1b8a5a);--work:var(--flow-work,#2563eb);\
--wait:var(--flow-wait,#d97706);--fail:var(--flow-fail,#d92d20);--on:var(--flow-on,#fff);\
color:var(--ink);font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\
@media (prefers-color-scheme:dark){.flow-graph{--bg:var(--flow-bg,#10151c);--ink:var(--flow-ink,#e4eaf1);--muted:var(--flow-muted,#98a7b8);\
--line:var(--flow-line,#5b6a7b);--card:var(--flow-card,#1a222c);--rim:var(--flow-rim,#3a4756);--chip:var(--flow-chip,#232d39);\
--frame:var(--flow-frame,#141b24);--step:var(--flow-step,#7ea6f4);--ask:var(--flow-ask,#f3b75c);--ask-bg:var(--flow-ask-bg,#2b2416);\
--time:var(--flow-time,#b99af0);--time-bg:var(--flow-time-bg,#231d31);--call:var(--flow-call,#4fc4b8);--done:var(--flow-done,#3fbf86);\
--work:var(--flow-work,#6d9bff);--wait:var(--flow-wait,#f0a53a);--fail:var(--flow-fail,#ff7a6e);--on:var(--flow-on,#0c1117)}}\
.flow-graph .bg{fill:var(--bg)}\
.flow-graph text{font-size:13px;font-weight:500;fill:var(--ink);text-anchor:middle}\
.flow-graph .code,.flow-graph .label text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;font-size:11px;font-weight:400}\
.flow-graph .box{fill:var(--card);stroke:var(--rim);stroke-width:1.25}\
.flow-graph .deco{fill:none;stroke:var(--rim);stroke-width:1.25}\
.flow-graph .icon{fill:none;stroke:var(--kind,var(--muted));stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}\
.flow-graph .icon .solid{fill:var(--kind,var(--muted));stroke:none}\
.flow-graph .edge path{fill:none;stroke:var(--line);stroke-width:1.5}\
.flow-graph .edge .tip{fill:var(--line);stroke:none}\
.flow-graph .edge.taken path{stroke:var(--done);stroke-width:2}\
.flow-graph .edge.taken .tip{fill:var(--done);stroke:none}\
.flow-graph .label rect{fill:var(--chip)}\
.flow-graph .label text{fill:var(--muted)}\
.flow-graph .card{--kind:var(--step)}\
.flow-graph .question{--kind:var(--ask)}.flow-graph .question>.box{fill:var(--ask-bg);stroke:var(--ask)}\
.flow-graph .pill{--kind:var(--time)}.flow-graph .pill>.box{fill:var(--time-bg);stroke:var(--time)}\
.flow-graph .call,.flow-graph .frame{--kind:var(--call)}\
.flow-graph .frame>.box{fill:none}.flow-graph .frame>.ground{fill:var(--frame)}.flow-graph .frame>.title{fill:var(--chip)}\
.flow-graph .lane>.box{fill:var(--frame);stroke-dasharray:5 4}.flow-graph .lane>.deco{stroke-dasharray:5 4;fill:var(--bg)}\
.flow-graph .bar>.box{fill:var(--chip)}.flow-graph .bar text{font-size:12px;fill:var(--muted)}.flow-graph .join>.box{fill:var(--rim)}\
.flow-graph .start>.box{fill:var(--ink);stroke:none}.flow-graph .start text{fill:var(--bg);font-weight:600}\
.flow-graph .end>.box{fill:var(--bg);stroke:var(--ink);stroke-width:1.5}.flow-graph .end>.dot{fill:var(--ink)}\
.flow-graph .is-done{--state:var(--done)}.flow-graph .is-working{--state:var(--work)}.flow-graph .is-waiting{--state:var(--wait)}\
.flow-graph .is-sleeping{--state:var(--time)}.flow-graph .is-failed{--state:var(--fail)}\
.flow-graph .is-done>.box{stroke:var(--done)}\
.flow-graph .is-working>.box,.flow-graph .is-waiting>.box,.flow-graph .is-sleeping>.box,.flow-graph .is-failed>.box{stroke:var(--state);stroke-width:2.5}\
.flow-graph .start.is-done>.box{stroke:none}.flow-graph .join.is-done>.box{fill:var(--done)}.flow-graph .end.is-done>.box{fill:var(--done);stroke:var(--done)}\
.flow-graph .tick{fill:none;stroke:var(--on);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}\
.flow-graph .halo{fill:none;stroke:var(--state);stroke-width:5;opacity:.22}\
.flow-graph .is-skipped{opacity:.45}.flow-graph .is-skipped>.box{stroke-dasharray:4 3}\
.flow-graph .badge rect{fill:var(--state);stroke:var(--bg);stroke-width:1.5}.flow-graph .badge text{fill:var(--on);font-size:10px;font-weight:700}\
.flow-graph .badge path{fill:none;stroke:var(--on);stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}\
.flow-graph .badge .solid{fill:var(--on);stroke:none}";
