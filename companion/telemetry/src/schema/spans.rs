//! Spans of a turn, as documented; made only where `otlpTracesEnabled` is set.

use super::table::table;

table! {
    /// A prompt and everything until the agent rests: the root.
    documented Span "interaction" Interaction {
        /// The prompt.
        prompt: String = "user_prompt" redacted(UserPrompts),
        /// Characters of the prompt.
        length: u64 = "user_prompt_length" always,
        /// Counts the prompts of the session, from 1.
        sequence: u64 = "interaction.sequence" always,
        /// Milliseconds.
        duration_ms: u64 = "interaction.duration_ms" always,
    }
    /// A request to the provider.
    documented Span "llm_request" LlmRequest {
        /// The model.
        model: String = "model" always,
        /// The same, by its name in the semantic conventions.
        request_model: String = "gen_ai.request.model" always,
        /// `main` or `auxiliary`.
        query_source: &'static str = "query_source" always,
        /// Milliseconds until the first words, where some came.
        first_words_ms: Option<u64> = "ttft_ms" always,
        /// Tokens read, outside of the cache.
        input: u64 = "input_tokens" always,
        /// Tokens written.
        output: u64 = "output_tokens" always,
        /// Tokens read from the cache.
        cache_read: u64 = "cache_read_tokens" always,
        /// Tokens written to the cache.
        cache_creation: u64 = "cache_creation_tokens" always,
        /// The number of the try that succeeded.
        attempt: u64 = "attempt" always,
        /// Whether it succeeded.
        success: bool = "success" always,
        /// Why the model stopped.
        stop_reason: Option<String> = "stop_reason" always,
        /// Whether it called tools.
        has_tool_call: bool = "response.has_tool_call" always,
    }
    /// A call of a tool, with the waiting before it.
    documented Span "tool" Tool {
        /// The tool; `custom` for one that Deskhand does not ship, unless tool details are on.
        tool_name: String = "tool_name" always,
        /// The call.
        call: String = "tool_use_id" always,
        /// Milliseconds.
        duration_ms: u64 = "duration_ms" always,
        /// Where it works: a file's path, or a document's id.
        place: Option<String> = "file_path" only(ToolDetails),
    }
    /// A call waits for a person.
    documented Span "tool.blocked_on_user" BlockedOnUser {
        /// Milliseconds.
        duration_ms: u64 = "duration_ms" always,
        /// `accept` or `reject`.
        decision: &'static str = "decision" always,
        /// Who decided, as in `tool_decision`.
        source: &'static str = "source" always,
    }
    /// A call is being done.
    documented Span "tool.execution" Execution {
        /// Milliseconds.
        duration_ms: u64 = "duration_ms" always,
        /// Whether it succeeded.
        success: bool = "success" always,
        /// What the model was told of the failure.
        error: Option<String> = "error" only(ToolDetails),
    }
    /// What a tool told the model; an event of the span `tool`.
    documented SpanEvent "tool.output" ToolOutput only(ToolContent) {
        /// The text.
        output: String = "output" only(ToolContent),
    }
}
