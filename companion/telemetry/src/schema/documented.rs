//! Rows of the documented schema that apply to Deskhand: names, attributes and types are those that dashboards ask for.

use super::field::Flag;
use super::table::table;

table! {
    /// A prompt is safe on disk.
    documented Event "user_prompt" UserPrompt {
        /// Characters of the prompt.
        length: u64 = "prompt_length" always,
        /// The prompt.
        prompt: String = "prompt" redacted(UserPrompts),
        /// The front end's id of the prompt.
        message: String = "message.uuid" always,
    }
    /// A message of the model is whole.
    documented Event "assistant_response" AssistantResponse {
        /// The model.
        model: String = "model" always,
        /// Characters of its words.
        length: u64 = "response_length" always,
        /// Its words, without its thinking.
        response: String = "response" redacted(AssistantResponses),
        /// The provider's id of the request, where it is known.
        request_id: Option<String> = "request_id" always,
        /// The message.
        message: String = "message.uuid" always,
        /// `main` or `auxiliary`.
        query_source: &'static str = "query_source" always,
    }
    /// A tool ended.
    documented Event "tool_result" ToolResult {
        /// The tool; `custom` for one that Deskhand does not ship, unless tool details are on.
        tool_name: String = "tool_name" always,
        /// The call.
        call: String = "tool_use_id" always,
        /// `true` or `false`.
        success: Flag = "success" always,
        /// Milliseconds that it took.
        duration_ms: u64 = "duration_ms" always,
        /// `failed`, `denied` or `stopped`; missing where it was done.
        error_type: Option<&'static str> = "error_type" always,
        /// What the model was told of the failure.
        error: Option<String> = "error" only(ToolDetails),
        /// `accept` or `reject`, where there was a decision.
        decision_type: Option<&'static str> = "decision_type" always,
        /// Who decided, as in `tool_decision`.
        decision_source: Option<&'static str> = "decision_source" always,
        /// Bytes of its input as JSON.
        input_size: u64 = "tool_input_size_bytes" always,
        /// Bytes of what the model was told.
        result_size: u64 = "tool_result_size_bytes" always,
        /// The scope of its server, where it is a tool of one.
        server_scope: Option<String> = "mcp_server_scope" always,
        /// Where code ran, for a command: `vm`, `vmEmulated` or `processes`.
        tier: Option<&'static str> = "sandbox.tier" always,
        /// Document and place, as JSON; of `Bash` its `bash_command`, `full_command`, `timeout` and `description`.
        parameters: Option<String> = "tool_parameters" only(ToolDetails),
        /// Its input as JSON.
        input: Option<String> = "tool_input" only(ToolDetails),
    }
    /// The provider answered a request.
    documented Event "api_request" ApiRequest {
        /// The model.
        model: String = "model" always,
        /// What it cost, in USD; missing where no price is known.
        cost: Option<f64> = "cost_usd" always,
        /// Milliseconds from the beginning of the answer to its end.
        duration_ms: u64 = "duration_ms" always,
        /// Tokens read, outside of the cache.
        input: u64 = "input_tokens" always,
        /// Tokens written.
        output: u64 = "output_tokens" always,
        /// Tokens read from the cache.
        cache_read: u64 = "cache_read_tokens" always,
        /// Tokens written to the cache.
        cache_creation: u64 = "cache_creation_tokens" always,
        /// The provider's id of the request, where it is known.
        request_id: Option<String> = "request_id" always,
        /// `normal`.
        speed: &'static str = "speed" always,
        /// `main` or `auxiliary`.
        query_source: &'static str = "query_source" always,
    }
    /// A request to the provider failed for good.
    documented Event "api_error" ApiError {
        /// The model.
        model: String = "model" always,
        /// The stable code of the error.
        error: &'static str = "error" always,
        /// The HTTP status as text; `undefined` where there is none.
        status: String = "status_code" always,
        /// Milliseconds since the prompt or the last answer.
        duration_ms: u64 = "duration_ms" always,
        /// Tries in all.
        attempt: u64 = "attempt" always,
        /// `normal`.
        speed: &'static str = "speed" always,
        /// `main`.
        query_source: &'static str = "query_source" always,
    }
    /// A request was tried again, and the last try failed, too.
    documented Event "api_retries_exhausted" ApiRetriesExhausted {
        /// The model.
        model: String = "model" always,
        /// The stable code of the error.
        error: &'static str = "error" always,
        /// The HTTP status as text; `undefined` where there is none.
        status: String = "status_code" always,
        /// Tries in all.
        total_attempts: u64 = "total_attempts" always,
        /// Milliseconds from the first failure to the last.
        total_duration_ms: u64 = "total_retry_duration_ms" always,
        /// `normal`.
        speed: &'static str = "speed" always,
    }
    /// The model declined.
    documented Event "api_refusal" ApiRefusal {
        /// The model.
        model: String = "model" always,
        /// The provider's id of the request, where it is known.
        request_id: Option<String> = "request_id" always,
        /// `main` or `auxiliary`.
        query_source: &'static str = "query_source" always,
        /// The number of the try.
        attempt: u64 = "attempt" always,
    }
    /// What was sent to the provider.
    documented Event "api_request_body" ApiRequestBody only(RawApiBodies) {
        /// The body.
        body: String = "body" only(RawApiBodies),
        /// Bytes of the whole body.
        length: u64 = "body_length" always,
        /// Whether the body was cut.
        truncated: bool = "body_truncated" always,
        /// The model.
        model: String = "model" always,
        /// `main` or `auxiliary`.
        query_source: &'static str = "query_source" always,
    }
    /// What the provider answered.
    documented Event "api_response_body" ApiResponseBody only(RawApiBodies) {
        /// The body.
        body: String = "body" only(RawApiBodies),
        /// Bytes of the whole body.
        length: u64 = "body_length" always,
        /// Whether the body was cut.
        truncated: bool = "body_truncated" always,
        /// The model.
        model: String = "model" always,
        /// `main` or `auxiliary`.
        query_source: &'static str = "query_source" always,
        /// The provider's id of the request, where it is known.
        request_id: Option<String> = "request_id" always,
    }
    /// It was decided whether a call of a tool is done.
    documented Event "tool_decision" ToolDecision {
        /// The tool; `custom` for one that Deskhand does not ship, unless tool details are on.
        tool_name: String = "tool_name" always,
        /// The call.
        call: String = "tool_use_id" always,
        /// `accept` or `reject`.
        decision: &'static str = "decision" always,
        /// `config`, `user_permanent`, `user_temporary`, `user_reject` or `user_abort`.
        source: &'static str = "source" always,
        /// `builtin`.
        tool_source: &'static str = "tool_source" always,
        /// Document and place, as JSON; of `Bash` as in `tool_result`, once the call has started.
        parameters: Option<String> = "tool_parameters" only(ToolDetails),
    }
    /// A prompt came with another permission mode than the one before.
    documented Event "permission_mode_changed" PermissionModeChanged {
        /// The mode before: `ask`, `act` or `readOnly`.
        from: &'static str = "from_mode" always,
        /// The mode now.
        to: &'static str = "to_mode" always,
        /// `prompt`.
        trigger: &'static str = "trigger" always,
    }
    /// The conversation goes on from a summary.
    documented Event "compaction" Compaction {
        /// `auto`.
        trigger: &'static str = "trigger" always,
        /// Whether the model gave a summary.
        success: bool = "success" always,
        /// Milliseconds that it took.
        duration_ms: u64 = "duration_ms" always,
        /// Tokens of the conversation before, about.
        before: u64 = "pre_tokens" always,
        /// Tokens of the summary.
        after: u64 = "post_tokens" always,
    }
    /// Something went wrong inside Deskhand.
    documented Event "internal_error" InternalError {
        /// The stable code of the error.
        name: &'static str = "error_name" always,
    }
    /// Sessions that began or went on after a restart.
    documented Counter("{session}") "session.count" SessionCount {
        /// `fresh` or `resume`.
        start_type: &'static str = "start_type" always,
    }
    /// Tokens, as the provider counted them.
    documented Counter("tokens") "token.usage" TokenUsage {
        /// `input`, `output`, `cacheRead` or `cacheCreation`.
        kind: &'static str = "type" always,
        /// The model.
        model: String = "model" always,
        /// `main` or `auxiliary`.
        query_source: &'static str = "query_source" always,
        /// `normal`.
        speed: &'static str = "speed" always,
    }
    /// What the tokens cost, in USD, where a price is known.
    documented Counter("USD") "cost.usage" CostUsage {
        /// The model.
        model: String = "model" always,
        /// `main` or `auxiliary`.
        query_source: &'static str = "query_source" always,
        /// `normal`.
        speed: &'static str = "speed" always,
    }
    /// Decisions on calls that change documents or files.
    documented Counter("{decision}") "code_edit_tool.decision" EditDecision {
        /// The tool; `custom` for one that Deskhand does not ship, unless tool details are on.
        tool_name: String = "tool_name" always,
        /// `accept` or `reject`.
        decision: &'static str = "decision" always,
        /// Who decided, as in `tool_decision`.
        source: &'static str = "source" always,
    }
    /// Seconds of work: the agent's own, and a person's over its questions, at most a minute for each.
    documented Counter("s") "active_time.total" ActiveTime {
        /// `cli` for the agent, `user` for the person.
        kind: &'static str = "type" always,
    }
}
