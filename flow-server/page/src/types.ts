/** What the server tells. Times are milliseconds since the epoch. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

export type Status = 'running' | 'paused' | 'undoing' | 'completed' | 'failed' | 'cancelled';

export interface Workflow {
    id: string;
    description?: string;
    fingerprint?: string;
    input_schema: Schema;
    pauses?: (string | { name: string })[];
}

export interface RunLine {
    run: string;
    workflow: string;
    status: Status;
    session: string | null;
    user: string | null;
    metadata?: Json;
    created_at: number;
    updated_at: number;
    input: Json;
    output?: Json;
}

export interface Attempt {
    step: string;
    path: string;
    attempt: number;
    started_at: number | null;
    ms: number | null;
    state: 'running' | 'completed' | 'failed' | 'undone';
    error: string | null;
    input?: Json;
    output?: Json;
}

export interface Pause {
    id: string;
    name: string;
    path: string;
    state: 'open' | 'answered' | 'timed_out' | 'withdrawn';
    question: string;
    prompt: Json;
    schema: Schema;
    asked_at: number;
    deadline: number | null;
    allowed?: { users?: string[]; roles?: string[]; except?: string[] } | null;
    asked_before?: number;
    reminded?: number;
    answer?: Json;
    by?: string | null;
    comment?: string | null;
    settled_at?: number | null;
}

/** An open pause in a list over all runs. */
export interface ListedPause extends Pause {
    run: string;
    workflow: string;
    session?: string | null;
    user?: string | null;
}

export interface Binding {
    name: string;
    value: Json;
}

export interface Frame {
    path: string;
    at: string;
    pause?: string | null;
    wake?: number | null;
    bindings: Binding[];
}

export interface Failure {
    chain: string[];
    path: string;
    after: string | null;
    not_undone: string[];
}

export interface Run extends RunLine {
    key?: string | null;
    priority?: number;
    deadline?: number | null;
    wake?: number | null;
    attempts: Attempt[];
    pauses: Pause[];
    frames: Frame[];
    output: Json;
    failure: Failure | null;
}

export interface Checkpoint {
    seq: number;
    path: string;
    at: string;
    time: number;
}

export interface CheckpointState extends Checkpoint {
    frames: Frame[];
}

export interface RunEvent {
    seq: number | null;
    time: number;
    kind: string;
    path?: string;
    [name: string]: Json | undefined;
}

export interface Session {
    id: string;
    name: string | null;
    user: string | null;
    version: number;
    created_at: number;
    updated_at: number;
    state: Json;
}

export interface Layout {
    name: string;
    width: number;
    height: number;
    nodes: LayoutNode[];
    edges: LayoutEdge[];
}

export interface LayoutNode {
    id: string;
    kind: string;
    shape: 'start' | 'end' | 'card' | 'question' | 'pill' | 'decision' | 'call' | 'frame' | 'lane' | 'bar';
    name: string;
    doc?: string;
    line: number;
    text: string[];
    x: number;
    y: number;
    width: number;
    height: number;
    inside?: string;
}

export interface LayoutEdge {
    from: string;
    to: string;
    when?: string[];
    points: [number, number][];
    label?: { text: string[]; x: number; y: number; width: number; height: number };
    back?: boolean;
}

export interface Mark {
    state: 'ahead' | 'skipped' | 'done' | 'sleeping' | 'working' | 'waiting' | 'failed';
    done: number;
    attempts?: number;
    until?: number;
    pauses?: { id: string; question: string; asked_at: number; deadline?: number }[];
    items?: { done: number; all: number | null };
    error?: string;
    undone?: number;
}

export interface Standing {
    run?: string;
    status?: Status;
    nodes: Record<string, Mark>;
    taken: [string, string][];
}

export interface Graph {
    layout: Layout;
    standing?: Standing;
}

/** The part of JSON Schema that schemas of Rust types use. */
export interface Schema {
    $ref?: string;
    $defs?: Record<string, Schema>;
    definitions?: Record<string, Schema>;
    title?: string;
    description?: string;
    default?: Json;
    examples?: Json[];
    type?: string | string[];
    const?: Json;
    enum?: Json[];
    oneOf?: Schema[];
    anyOf?: Schema[];
    allOf?: Schema[];
    properties?: Record<string, Schema | boolean>;
    required?: string[];
    additionalProperties?: Schema | boolean;
    items?: Schema | boolean;
    prefixItems?: Schema[];
    uniqueItems?: boolean;
    minItems?: number;
    maxItems?: number;
    minLength?: number;
    maxLength?: number;
    pattern?: string;
    format?: string;
    contentEncoding?: string;
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    exclusiveMaximum?: number;
    multipleOf?: number;
}
