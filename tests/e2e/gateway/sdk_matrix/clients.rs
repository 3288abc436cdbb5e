//! One test per client.

use super::run::{Environment, check};

#[test]
fn openai_python_works_unchanged() {
    check(Environment::Python, "OpenAI Python", "openai_python");
}

#[test]
fn the_stream_helper_of_openai_python_works_unchanged() {
    check(
        Environment::Python,
        "OpenAI Python, `.stream()`",
        "openai_python_helper",
    );
}

#[test]
fn openai_node_works_unchanged() {
    check(Environment::Node, "OpenAI Node", "openai-node");
}

#[test]
fn the_stream_helper_of_openai_node_works_unchanged() {
    check(
        Environment::Node,
        "OpenAI Node, `.stream()`",
        "openai-node-helper",
    );
}

#[test]
fn vercel_ai_sdk_openai_works_unchanged() {
    check(
        Environment::Node,
        "Vercel AI SDK, `@ai-sdk/openai`",
        "ai-sdk-openai",
    );
}

#[test]
fn vercel_ai_sdk_openai_compatible_works_unchanged() {
    check(
        Environment::Node,
        "Vercel AI SDK, `@ai-sdk/openai-compatible`",
        "ai-sdk-compatible",
    );
}

#[test]
fn langchain_works_unchanged() {
    check(Environment::Python, "LangChain", "langchain_chat");
}

#[test]
fn pydantic_ai_works_unchanged() {
    check(Environment::Python, "Pydantic AI", "pydantic_agent");
}

#[test]
fn llm_works_unchanged() {
    check(Environment::Python, "`llm`", "llm_models");
}

#[test]
fn llama_index_works_unchanged() {
    check(Environment::PythonOpenAi2, "LlamaIndex", "llama_index_llm");
}

#[test]
fn instructor_works_unchanged() {
    check(
        Environment::PythonOpenAi2,
        "Instructor",
        "instructor_client",
    );
}

#[test]
fn litellm_works_unchanged() {
    check(Environment::PythonOpenAi2, "LiteLLM", "litellm_completion");
}
