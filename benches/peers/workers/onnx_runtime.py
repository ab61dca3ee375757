"""A model in ONNX Runtime on the CPU: anomalib's export, or a backbone alone."""

import argparse
import os

# Read when the package is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime  # noqa: E402

from protocol import Answer, planes, serve


def main() -> None:
    """Loads and serves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = asked.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(asked.model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    whole = "anomaly_map" in names
    wanted = ["pred_score", "anomaly_map"] if whole else names
    name = session.get_inputs()[0].name

    def engine(picture):
        results = session.run(wanted, {name: planes(picture)})
        return Answer(float(results[0][0]), results[1][0]) if whole else Answer()

    serve(engine, version=onnxruntime.__version__)


if __name__ == "__main__":
    main()
