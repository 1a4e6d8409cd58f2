#include "runner/lint/check_junit.hpp"

#include "runner/sys/printable.hpp"

#include <cstddef>
#include <map>
#include <sstream>
#include <vector>

#include <pugixml.hpp>

namespace disco::lint {
namespace {

const char* class_of(Subject::Kind kind) {
    switch (kind) {
    case Subject::Kind::universe: return "universe";
    case Subject::Kind::module: return "modules";
    case Subject::Kind::node: return "nodes";
    }
    return "?"; // not reached: -Wswitch guards the list
}

/// The failures in one element, as JUnit has one for each case; the rest as the case's output.
void add_case(pugi::xml_node suite, const Subject& subject, const std::vector<const Finding*>& findings,
              Warnings warnings, std::size_t& failed) {
    pugi::xml_node one = suite.append_child("testcase");
    one.append_attribute("classname") = class_of(subject.kind);
    const std::string name = subject.name.empty() ? "universe" : sys::printable(subject.name);
    one.append_attribute("name") = name.c_str();
    std::string failures, output, first;
    for (const Finding* finding : findings) {
        const bool fails = finding->severity == Severity::error || warnings == Warnings::are_failures;
        const std::string line = in_words(*finding);
        if (fails && first.empty()) first = line;
        (fails ? failures : output) += line + "\n";
    }
    if (!failures.empty()) {
        pugi::xml_node failure = one.append_child("failure");
        failure.append_attribute("message") = first.c_str();
        failure.text() = failures.c_str();
        ++failed;
    }
    if (!output.empty()) one.append_child("system-out").text() = output.c_str();
}

} // namespace

std::string junit_report(const CheckResult& result, Warnings warnings) {
    std::map<Subject, std::vector<const Finding*>> cases;
    for (const std::string& name : result.modules) cases[module_subject(name)];
    for (const std::string& name : result.nodes) cases[node_subject(name)];
    for (const Finding& one : result.findings) cases[one.subject].push_back(&one);

    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    pugi::xml_node suite = document.append_child("testsuites").append_child("testsuite");
    suite.append_attribute("name") = "disco module check";
    pugi::xml_attribute tests = suite.append_attribute("tests"),
                        failures = suite.append_attribute("failures");
    std::size_t failed = 0;
    for (const auto& [subject, findings] : cases) add_case(suite, subject, findings, warnings, failed);
    tests = cases.size();
    failures = failed;
    std::ostringstream text;
    document.save(text, "  ");
    return text.str();
}

} // namespace disco::lint
