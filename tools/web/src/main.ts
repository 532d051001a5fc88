import './views/app';
