//! The scripts are run, with every shell that is here.

mod environment_file;
mod hostile;
mod running;
mod surroundings;
