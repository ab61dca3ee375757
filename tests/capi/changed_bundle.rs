//! A bundle that is written to while its model is open.

use crate::workbench::{Workbench, bundle, command, onnxruntime, succeeds};

/// Opens a model, empties its file, and then asks for a session with each place of the head.
const PROGRAM: &str = r#"
#include <cfa.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    static const char *const heads[] = {"host", "graph"};
    cfa_error err = cfa_error_new();
    cfa_options *options = NULL;
    cfa_model *model = NULL;
    cfa_session *session = NULL;
    FILE *file = NULL;
    int i;
    if (argc != 3 || cfa_options_new(&options, &err) != CFA_OK ||
        cfa_options_set(options, cfa_str_of("onnxruntime"), cfa_str_of(argv[1]), &err) != CFA_OK ||
        cfa_model_open(cfa_str_of(argv[2]), options, &model, &err) != CFA_OK ||
        (file = fopen(argv[2], "wb")) == NULL || fclose(file) != 0)
        return 1;
    for (i = 0; i < 2; i++) {
        cfa_options_set(options, cfa_str_of("head"), cfa_str_of(heads[i]), &err);
        printf("%d %s\n", (int)cfa_session_new(model, options, &session, &err), err.message);
    }
    cfa_model_free(model);
    cfa_options_free(options);
    return 0;
}
"#;

#[test]
fn it_is_told_as_a_damaged_one_wherever_the_head_is_computed() {
    let bench = Workbench::new();
    let source = bench.write("changed.c", PROGRAM);
    let program = bench.program("gcc", &["-std=c11"], &source);
    let copy = bench.at("model.cfa");
    std::fs::copy(bundle(), &copy).unwrap();
    let said = succeeds(&mut command(&program, [onnxruntime(), copy]));
    assert_eq!(said.lines().count(), 2, "{said}");
    for line in said.lines() {
        assert!(line.starts_with("301 "), "{said}");
        assert!(line.contains("changed since it was opened"), "{said}");
    }
}
